"""The examples of docs/open-inference.md, as they stand there but for the address."""

import contextlib
import io
import pathlib
import re

from harness import expect, expect_equal

PAGE = pathlib.Path(__file__).parents[3] / "docs" / "open-inference.md"


def add_example_check(checks, address):
    for number, code in enumerate(re.findall(r"```python\n(.*?)```", PAGE.read_text(), re.S), 1):
        checks.run(f"example {number} of docs/open-inference.md", run_example, code, address)


def run_example(code, address):
    expect("127.0.0.1:5500" in code, "expected the default address in the example")
    [promised] = re.findall(r"# (.*)", code)
    with contextlib.redirect_stdout(io.StringIO()) as printed:
        exec(code.replace("127.0.0.1:5500", address), {})
    expect_equal(" ".join(printed.getvalue().split()), promised, "what it prints")
