"""Checks the server with Triton's own gRPC client; the last line is the count."""

import argparse
import os
import sys

from concurrent_calls import add_concurrent_checks
from errors import add_error_checks
from example import add_example_check
from harness import Checks
from models import add_model_checks
from schema import add_schema_checks
from tensors import add_tensor_checks


def main():
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--name", required=True, help="what the last line calls this client")
    parser.add_argument("--address", required=True, help="host:port of the server")
    options = parser.parse_args()

    checks = Checks()
    for add in (
        add_tensor_checks,
        add_model_checks,
        add_error_checks,
        add_concurrent_checks,
        add_schema_checks,
        add_example_check,
    ):
        add(checks, options.address)

    print(f"client={options.name} passed={checks.passed} failed={checks.failed}", flush=True)
    sys.stderr.flush()
    # Not sys.exit: a check that hung left a thread behind, and its call has no end.
    os._exit(1 if checks.failed else 0)


if __name__ == "__main__":
    main()
