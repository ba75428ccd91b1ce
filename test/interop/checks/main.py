"""Runs every check with the client package that is on the path; the last line is its count."""

from client_api import add_client_checks
from program import run_checks
from raw_messages import add_raw_checks
from target import Target, instances_field
from tutorial import add_tutorial_checks


def add_checks(checks, told):
    host, _, port = told.address.rpartition(":")
    target = Target(host, int(port))
    add_tutorial_checks(checks, target.port, target.takes_address)
    add_client_checks(checks, target)
    add_raw_checks(checks, target, instances_field())


if __name__ == "__main__":
    run_checks(__doc__, add_checks)
