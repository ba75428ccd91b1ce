"""Runs every check with the client package that is on the path; the last line is its count."""

import argparse
import os
import sys

from client_api import add_client_checks
from harness import Checks
from raw_messages import add_raw_checks
from target import Target, instances_field
from tutorial import add_tutorial_checks


def main():
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--name", required=True, help="what the last line calls this client")
    parser.add_argument("--address", required=True, help="host:port of the server")
    options = parser.parse_args()
    host, _, port = options.address.rpartition(":")

    checks = Checks()
    target = Target(host, int(port))
    add_tutorial_checks(checks, target.port, target.takes_address)
    add_client_checks(checks, target)
    add_raw_checks(checks, target, instances_field())

    print(f"client={options.name} passed={checks.passed} failed={checks.failed}", flush=True)
    sys.stderr.flush()
    # Not sys.exit: a check that hung left a thread behind, and its call has no end.
    os._exit(1 if checks.failed else 0)


if __name__ == "__main__":
    main()
