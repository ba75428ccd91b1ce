"""The Python of docs/tensorflow-rest.md, as it stands there but for the address."""

import contextlib
import io
import pathlib
import re

from harness import expect, expect_equal

PAGE = pathlib.Path(__file__).parents[3] / "docs" / "tensorflow-rest.md"


def add_example_check(checks, address):
    checks.run("the example of docs/tensorflow-rest.md", run_example, address)


def run_example(address):
    [code] = re.findall(r"```python\n(.*?)```", PAGE.read_text(), re.S)
    expect("localhost:1500" in code, "expected the page's port in the example")
    [promised] = re.findall(r"# (.*)", code)
    with contextlib.redirect_stdout(io.StringIO()) as printed:
        exec(code.replace("localhost:1500", address), {})
    expect_equal(printed.getvalue().strip(), promised, "what it prints")
