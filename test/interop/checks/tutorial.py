"""The client file of the original's tutorial, run as a program of its own, and what it prints."""

import ast
import contextlib
import os
import re
import subprocess
import sys
import tempfile
from pathlib import Path

from harness import expect, expect_equal

FOLDER = Path(__file__).resolve().parent.parent / "tutorial"
PROGRAM = FOLDER / "client.py"
TUTORIAL_PORT = 5500
CONSTRUCTOR = re.compile(r'Client\("localhost", 5500, ')


def add_tutorial_checks(checks, port, takes_address):
    """`takes_address`: the constructor of 1.3 and later takes "host:port" where the tutorial's takes host, port."""
    changes = ["constructor lines of 1.3+"] if takes_address else []
    if port != TUTORIAL_PORT:
        changes.append(f"port {port}")
    title = f"the tutorial's client.py, {' and '.join(changes) or 'unchanged'}, prints what the tutorial says"
    checks.run(title, check_program, port, takes_address)


def check_program(port, takes_address):
    with program_for(port, takes_address) as program:
        finished = subprocess.run([sys.executable, program], capture_output=True, text=True, timeout=50)
    expect_equal(finished.returncode, 0, f"exit code, with stderr:\n{finished.stderr}\nexit code")
    expected = printed_values((FOLDER / "expected-output.txt").read_text())
    try:
        actual = printed_values(finished.stdout)
    except (SyntaxError, ValueError) as error:
        raise AssertionError(f"not the tutorial's output ({error}):\n{finished.stdout}") from None
    expect_equal(actual, expected, "printed results")


@contextlib.contextmanager
def program_for(port, takes_address):
    """The tutorial's own file where it can run as it is, else a copy in which only the constructor's start differs."""
    if port == TUTORIAL_PORT and not takes_address:
        yield PROGRAM
        return
    call = f'Client("localhost:{port}", ' if takes_address else f'Client("localhost", {port}, '
    source, replaced = CONSTRUCTOR.subn(call, PROGRAM.read_text())
    expect_equal(replaced, 2, "constructor lines in the tutorial's file")
    with tempfile.TemporaryDirectory() as folder:
        copy = os.path.join(folder, "client.py")
        Path(copy).write_text(source)
        yield copy


def printed_values(text):
    """Printed lists of dicts of arrays are Python expressions: parsed, they lose the spaces that numpy changes."""
    values = [plain(statement.value) for statement in ast.parse(text).body if isinstance(statement, ast.Expr)]
    expect(values, f"nothing was printed but:\n{text}")
    return values


def plain(node):
    if isinstance(node, ast.List):
        return [plain(item) for item in node.elts]
    if isinstance(node, ast.Dict):
        return {plain(key): plain(value) for key, value in zip(node.keys, node.values)}
    if isinstance(node, ast.Call) and node.func.id == "array":
        return {"array": plain(node.args[0]), **{word.arg: word.value.id for word in node.keywords}}
    return ast.literal_eval(node)
