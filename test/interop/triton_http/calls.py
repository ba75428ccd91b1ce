"""Short ways to call a model over HTTP."""

import numpy as np
import tritonclient.http as triton
from tritonclient.utils import InferenceServerException, np_to_triton_dtype

from harness import expect


class ClientChecks:
    """Checks that are given a client of their own each: one belongs to the thread that made it, as each check does."""

    def __init__(self, checks, address):
        self._checks = checks
        self._address = address

    def run(self, title, check, *arguments, **more):
        def body():
            with triton.InferenceServerClient(self._address) as client:
                check(client, *arguments, **more)

        self._checks.run(title, body)


def tensor(name, values, datatype=None, binary=True):
    """An input with these values, as binary data or in JSON, in the datatype that Triton has for them."""
    given = triton.InferInput(name, list(values.shape), datatype or np_to_triton_dtype(values.dtype))
    given.set_data_from_numpy(values, binary_data=binary)
    return given


def output(name="y", **more):
    return triton.InferRequestedOutput(name, **more)


def texts(*values, shape=None):
    return np.array([value.encode() if isinstance(value, str) else value for value in values], object).reshape(
        [len(values)] if shape is None else shape
    )


def expect_error(client, call, status, text):
    try:
        result = call(client)
    except InferenceServerException as error:
        given_status, given_text = error.status(), error.message()
    else:
        raise AssertionError(f"expected an error, given {result!r}")
    expect(
        given_status == str(status) and text in given_text,
        f"expected {status} with {text!r}, given {given_status} with {given_text!r}",
    )
