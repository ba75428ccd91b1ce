"""Checks the server with Triton's own HTTP client; the last line is the count."""

from concurrent_calls import add_concurrent_checks
from errors import add_error_checks
from models import add_model_checks
from program import run_checks
from tensors import add_tensor_checks


def add_checks(checks, told):
    for add in (add_tensor_checks, add_model_checks, add_error_checks, add_concurrent_checks):
        add(checks, told.address)


if __name__ == "__main__":
    run_checks(__doc__, add_checks)
