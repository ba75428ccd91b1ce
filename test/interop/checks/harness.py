"""Runs checks one by one, each with a time limit, and counts them."""

import contextlib
import io
import threading
import traceback


class Checks:
    def __init__(self):
        self.passed = 0
        self.failed = 0

    def run(self, title, check, *arguments, limit=60):
        problem, printed = _outcome(check, arguments, limit)
        if problem is None:
            self.passed += 1
            print(f"  pass  {title}", flush=True)
            return
        self.failed += 1
        print(f"  FAIL  {title}\n{_indented(problem)}", flush=True)
        if printed:
            print(_indented("printed meanwhile:\n" + printed), flush=True)


def _outcome(check, arguments, limit):
    """The clients take no deadline, so a check that hangs can only be left behind in its own thread."""
    problem = [f"no answer within {limit} s"]

    def body():
        try:
            check(*arguments)
            problem[0] = None
        except AssertionError as error:
            problem[0] = str(error)
        except BaseException:  # whatever a client raises is a result to report
            problem[0] = traceback.format_exc()

    # The real clients print every gRPC failure.
    with contextlib.redirect_stdout(io.StringIO()) as printed:
        thread = threading.Thread(target=body, daemon=True)
        thread.start()
        thread.join(limit)
    return problem[0], printed.getvalue()


def _indented(text):
    return "\n".join("        " + line for line in text.rstrip().splitlines())


def expect(condition, message):
    if not condition:
        raise AssertionError(message)


def expect_equal(actual, expected, what):
    expect(actual == expected, f"{what}: expected {expected!r}, given {actual!r}")
