"""The examples of pages in Python, as they stand there but for the address."""

import contextlib
import io
import pathlib
import re

from harness import expect, expect_equal

REPOSITORY = pathlib.Path(__file__).parents[3]
PAGES = ["docs/open-inference.md", "examples/incremental-generation/README.md"]


def add_example_check(checks, address):
    for page in PAGES:
        for number, code in enumerate(re.findall(r"```python\n(.*?)```", (REPOSITORY / page).read_text(), re.S), 1):
            checks.run(f"example {number} of {page}", run_example, code, address)


def run_example(code, address):
    expect("127.0.0.1:5500" in code, "expected the default address in the example")
    [promised] = re.findall(r"# (.*)", code)
    with contextlib.redirect_stdout(io.StringIO()) as printed:
        exec(code.replace("127.0.0.1:5500", address), {})
    expect_equal(" ".join(printed.getvalue().split()), promised, "what it prints")
