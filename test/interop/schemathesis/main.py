"""Asks the HTTP port whatever docs/openapi.yaml allows, and things that it does not; the last line is the count."""

import pathlib
import subprocess
import sys
import tempfile

import yaml

from harness import expect
from program import run_checks

PAGE = pathlib.Path(__file__).parents[3] / "docs" / "openapi.yaml"
# What each makes: the examples of the description, its corners, and whatever else it allows.
PHASES = {"examples": 10, "coverage": 1, "fuzzing": 25}
CHECKS = "status_code_conformance,content_type_conformance,response_schema_conformance,unsupported_method"
SECONDS = 60
# Else nearly all requests would be for models that are not there.
NAMES = {"model": ["add.add_common", "add-batch", "echo", "echo.batch", "nothing"], "version": ["0", "1", "9"]}
INPUTS = ["x", "x1", "x2"]


def add_checks(checks, told):
    with tempfile.TemporaryDirectory() as folder:
        description = pathlib.Path(folder, "openapi.yaml")
        description.write_text(yaml.safe_dump(described()))
        for phase, examples in PHASES.items():
            checks.run(f"{phase} of every operation", conforms, told, description, phase, examples, limit=3 * SECONDS)


def described():
    description = yaml.safe_load(PAGE.read_text())
    for name, values in NAMES.items():
        description["components"]["parameters"][name]["schema"] = {"enum": values}
    request = description["components"]["schemas"]["InferRequest"]["properties"]
    request["inputs"]["items"]["properties"]["name"] = {"enum": INPUTS}
    return description


def conforms(told, description, phase, examples):
    command = [
        pathlib.Path(sys.executable).with_name("schemathesis"),
        *("run", description, "--url", f"http://{told.address}"),
        *("--phases", phase, "--checks", CHECKS, "--max-examples", str(examples)),
        *("--max-time", str(SECONDS), "--seed", "1", "--no-color"),
    ]
    done = subprocess.run(command, capture_output=True, text=True, cwd=description.parent)
    expect(done.returncode == 0, f"expected exit code 0, given {done.returncode} and\n{done.stdout}{done.stderr}")
    expect("internal error" not in done.stdout, f"expected no fault of the server, given\n{done.stdout}")


if __name__ == "__main__":
    run_checks(__doc__, add_checks)
