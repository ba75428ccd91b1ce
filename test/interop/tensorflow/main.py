"""Asks TensorFlow Serving's REST API as its tutorials do, with requests and with urllib; the last line is the count."""

import argparse
import os
import sys

from example import add_example_check
from harness import Checks
from models import add_model_checks
from predict import add_predict_checks


def main():
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--name", required=True, help="what the last line calls this client")
    parser.add_argument("--address", help="host:port of the server's gRPC port; its HTTP port is in REST_ADDRESS")
    options = parser.parse_args()

    checks = Checks()
    for add in (add_predict_checks, add_model_checks, add_example_check):
        add(checks, os.environ["REST_ADDRESS"])

    print(f"client={options.name} passed={checks.passed} failed={checks.failed}", flush=True)
    sys.stderr.flush()
    # Not sys.exit: a check that hung left a thread behind, and its call has no end.
    os._exit(1 if checks.failed else 0)


if __name__ == "__main__":
    main()
