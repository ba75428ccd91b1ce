"""Checks MindSpore Serving's REST API with a Python client of HTTP; the last line is the count."""

import argparse
import os
import sys

from examples import add_example_checks
from forms import add_form_checks
from harness import Checks
from post import POSTS


def main():
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--name", required=True, choices=POSTS, help="the client, and what the last line calls it")
    parser.add_argument("--address", required=True, help="host:port of the server's port for HTTP")
    options = parser.parse_args()

    checks = Checks()
    post = POSTS[options.name](options.address)
    add_example_checks(checks, post)
    add_form_checks(checks, post)

    print(f"client={options.name} passed={checks.passed} failed={checks.failed}", flush=True)
    sys.stderr.flush()
    # Not sys.exit: a check that hung left a thread behind, and its call has no end.
    os._exit(1 if checks.failed else 0)


if __name__ == "__main__":
    main()
