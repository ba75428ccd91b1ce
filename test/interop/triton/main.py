"""Checks the server with Triton's own gRPC client; the last line is the count."""

from concurrent_calls import add_concurrent_checks
from errors import add_error_checks
from example import add_example_check
from models import add_model_checks
from program import run_checks
from schema import add_schema_checks
from streaming import add_streaming_checks
from tensors import add_tensor_checks


def add_checks(checks, told):
    for add in (
        add_tensor_checks,
        add_model_checks,
        add_error_checks,
        add_concurrent_checks,
        add_streaming_checks,
        add_schema_checks,
        add_example_check,
    ):
        add(checks, told.address)


if __name__ == "__main__":
    run_checks(__doc__, add_checks)
