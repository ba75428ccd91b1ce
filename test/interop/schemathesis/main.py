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
CHECKS = ["status_code_conformance", "content_type_conformance", "response_schema_conformance"]
# Of MindSpore Serving's API.
ALWAYS_200 = "^/(model|version)/"
SECONDS = 60
# Else nearly all requests would be for models that are not there.
NAMES = {
    "model": ["add.add_common", "add-batch", "echo", "echo.batch", "nothing"],
    "servable": ["add", "add-batch", "echo", "nothing"],
    "method": ["add_common", "add_cast", "batch", "nothing"],
    "version": ["0", "1", "9"],
}
INPUTS = ["x", "x1", "x2"]


def add_checks(checks, told):
    with tempfile.TemporaryDirectory() as folder:
        description = pathlib.Path(folder, "openapi.yaml")
        description.write_text(yaml.safe_dump(described()))
        paths = {
            "every other operation": ("--exclude-path-regex", ALWAYS_200, "--checks", ",".join([*CHECKS, "unsupported_method"])),
            "MindSpore Serving's operations": ("--include-path-regex", ALWAYS_200, "--checks", ",".join(CHECKS)),
        }
        print(f"  unsupported_method is not checked of {ALWAYS_200}: MindSpore Serving refuses verbs with status 200, too")
        for what, options in paths.items():
            for phase, examples in PHASES.items():
                title = f"{phase} of {what}"
                checks.run(title, conforms, told, description, phase, examples, options, limit=3 * SECONDS)


def described():
    description = yaml.safe_load(PAGE.read_text())
    for name, values in NAMES.items():
        description["components"]["parameters"][name]["schema"] = {"enum": values}
    request = description["components"]["schemas"]["InferRequest"]["properties"]
    request["inputs"]["items"]["properties"]["name"] = {"enum": INPUTS}
    return description


def conforms(told, description, phase, examples, options):
    command = [
        pathlib.Path(sys.executable).with_name("schemathesis"),
        *("run", description, "--url", f"http://{told.address}"),
        *("--phases", phase, "--max-examples", str(examples), *options),
        *("--max-time", str(SECONDS), "--seed", "1", "--no-color"),
    ]
    done = subprocess.run(command, capture_output=True, text=True, cwd=description.parent)
    expect(done.returncode == 0, f"expected exit code 0, given {done.returncode} and\n{done.stdout}{done.stderr}")
    expect("internal error" not in done.stdout, f"expected no fault of the server, given\n{done.stdout}")


if __name__ == "__main__":
    run_checks(__doc__, add_checks)
