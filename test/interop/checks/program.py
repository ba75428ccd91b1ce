"""The frame of a program that checks one client: what it is told, and the count in its last line."""

import argparse
import os
import sys

from harness import Checks


def run_checks(description, *adders, options=()):
    """Calls each adder with the checks and what the program was told."""
    parser = argparse.ArgumentParser(description=description)
    parser.add_argument("--name", required=True, help="what the last line calls this client")
    parser.add_argument("--address", required=True, help="host:port of the server")
    for option, more in options:
        parser.add_argument(option, required=True, **more)
    told = parser.parse_args()

    checks = Checks()
    for add in adders:
        add(checks, told)

    print(f"client={told.name} passed={checks.passed} failed={checks.failed}", flush=True)
    sys.stderr.flush()
    # Not sys.exit: a check that hung left a thread behind, and its call has no end.
    os._exit(1 if checks.failed else 0)


PROTOCOL = ("--protocol", {"choices": ("grpc", "http"), "help": "what the server is called by"})
PROGRAM = ("--program", {"help": "the client, where it is a program"})
