"""Short ways to call a model."""

import numpy as np
import tritonclient.grpc as triton
from tritonclient.utils import InferenceServerException, np_to_triton_dtype

from harness import expect


def tensor(name, values, datatype=None):
    """An input with these values, in the datatype that Triton has for them."""
    given = triton.InferInput(name, list(values.shape), datatype or np_to_triton_dtype(values.dtype))
    given.set_data_from_numpy(values)
    return given


def texts(*values, shape=None):
    return np.array([value.encode() if isinstance(value, str) else value for value in values], object).reshape(
        [len(values)] if shape is None else shape
    )


def error_of(call, *arguments, **more):
    """Status and text of the error that a call ends with."""
    try:
        result = call(*arguments, **more)
    except InferenceServerException as error:
        return error.status(), error.message()
    raise AssertionError(f"expected an error, given {result!r}")


def expect_error(call, status, text):
    given_status, given_text = error_of(call)
    expect(
        given_status == f"StatusCode.{status}" and text in given_text,
        f"expected {status} with {text!r}, given {given_status} with {given_text!r}",
    )
