"""Checks the server with the inference clients of KServe's SDK; the last line is the count."""

import logging

import grpc
import httpx
import numpy as np

from endpoint import Endpoint, request, tensor
from harness import expect, expect_equal
from program import PROTOCOL, run_checks

VALUES = {
    "bool": np.array([True, False, True]),
    "int8": np.array([-128, 0, 127], np.int8),
    "uint8": np.array([0, 255], np.uint8),
    "int16": np.array([-32768, 32767], np.int16),
    "uint16": np.array([65535], np.uint16),
    "int32": np.array([-(2**31), 2**31 - 1], np.int32),
    "uint32": np.array([2**32 - 1], np.uint32),
    "int64": np.array([-(2**63), 2**63 - 1, 2**53 + 1], np.int64),
    "uint64": np.array([2**64 - 1, 0], np.uint64),
    "float16": np.array([0.5, -0.0, 65504], np.float16),
    "float32": np.array([0.1, -1.5, 3e38], np.float32),
    "float64": np.array([0.1, -1.5, 1e300]),
}
SHAPES = [(), (1,), (0,), (2, 3), (2, 0, 3), (1000, 100)]
TEXTS = np.array(["", "plain", "Grüße, 世界 🚀", "x" * 10_000], object)
STATUS = {"NOT_FOUND": 404, "INVALID_ARGUMENT": 400, "INTERNAL": 500, "DEADLINE_EXCEEDED": 504}
ONES = np.ones((2, 2), np.float32)


def add_checks(checks, told):
    # Both clients log every error that they raise.
    logging.disable()
    endpoint = Endpoint(told)
    checks.run("the server is live", lambda: expect_equal(endpoint.is_server_live(), True, "live"))
    checks.run("the server is ready", lambda: expect_equal(endpoint.is_server_ready(), True, "ready"))
    for model, ready in (("add.add_common", True), ("echo", True), ("nothing", False), ("echo.nothing", False)):
        checks.run(f"whether {model} is ready", lambda m=model, r=ready: expect_equal(endpoint.is_model_ready(m), r, "ready"))
    for name, values in VALUES.items():
        checks.run(f"{name} as bytes", same, endpoint, f"echo.{name}", values)
        if name != "float16":  # which has no other form than bytes
            checks.run(f"{name} as numbers", same, endpoint, f"echo.{name}", values, False)
    for shape in SHAPES:
        values = np.arange(int(np.prod(shape)), dtype=np.float32).reshape(shape)
        checks.run(f"shape {list(shape)}", same, endpoint, "echo.float32", values)
    checks.run("texts as bytes", same_texts, endpoint, True)
    checks.run("texts as texts", same_texts, endpoint, False)
    if told.protocol == "grpc":
        # Over HTTP, the client itself makes texts of all that it is answered.
        checks.run("bytes that are no text", bytes_no_text, endpoint)
    checks.run("a batch", same, endpoint, "echo.batch", np.arange(12, dtype=np.int32).reshape(3, 2, 2))
    checks.run("two inputs through a model", through_model, endpoint)
    checks.run("an id, an output and a parameter", asked, endpoint)
    checks.run("many requests at the same time", many, endpoint)
    add_error_checks(checks, endpoint)


def add_error_checks(checks, endpoint):
    def refused(title, status, text, model, *inputs, **more):
        checks.run(title, expect_error, endpoint, status, text, request(model, *inputs), more)

    pair = [tensor("x1", ONES), tensor("x2", ONES)]
    refused("unknown model", "NOT_FOUND", "Request for unknown model: 'nothing' is not found", "nothing", *pair)
    refused("missing input", "INVALID_ARGUMENT", "expected 2 inputs but got 1 inputs for model 'add.add_common'", "add.add_common", pair[0])
    refused("wrong datatype", "INVALID_ARGUMENT", "data-type is 'INT32', but model 'add.add_common' expects 'FP32'", "add.add_common", tensor("x1", ONES.astype(np.int32)), pair[1])
    refused("wrong shape", "INVALID_ARGUMENT", "Expected [2,2], got [4]", "add.add_common", tensor("x1", ONES.reshape(4)), pair[1])
    refused("a stage that fails", "INTERNAL", "this method always fails", "echo.fail", tensor("x", ONES))
    checks.run("the deadline of a client", deadline, endpoint)


def same(endpoint, model, values, binary=True):
    # Over HTTP, the answer is JSON unless it is asked for as bytes.
    parameters = {"binary_data_output": True} if binary and endpoint.protocol == "http" else None
    [output] = endpoint.infer(request(model, tensor("x", values, binary=binary), parameters=parameters)).outputs
    given = output.as_numpy()
    expect_equal((output.name, given.dtype, given.shape), ("y", values.dtype, values.shape), "name, dtype and shape")
    expect(given.tobytes() == values.tobytes(), f"expected the same bits, given {given!r}")


def same_texts(endpoint, binary):
    given = endpoint.infer(request("echo.string", tensor("x", TEXTS, binary=binary))).outputs[0].as_numpy()
    expect_equal([as_text(one) for one in given.tolist()], TEXTS.tolist(), "texts")


def as_text(one):
    return one.decode() if isinstance(one, bytes) else one


def bytes_no_text(endpoint):
    values = np.array([b"\xff\x00\xfe", b""], object)
    given = request("echo.bytes", tensor("x", values))
    if endpoint.protocol == "http":
        # The REST client reads bytes as text only, whichever way they come.
        expect_error(endpoint, "INVALID_ARGUMENT", "output 'y': element 0: expected UTF-8", given, {})
        return
    expect_equal(endpoint.infer(given).outputs[0].as_numpy().tolist(), values.tolist(), "bytes")


def through_model(endpoint):
    x1 = np.arange(4, dtype=np.float32).reshape(2, 2)
    response = endpoint.infer(request("add.add_common", tensor("x1", x1), tensor("x2", ONES)))
    # Over HTTP, the client leaves out the version that it is answered.
    version = "1" if endpoint.protocol == "grpc" else None
    expect_equal((response.model_name, response.model_version), ("add.add_common", version), "model")
    expect(np.array_equal(response.get_output_by_name("y").as_numpy(), x1 + 1), f"given {response}")


def asked(endpoint):
    response = endpoint.infer(request("echo", tensor("x", ONES), request_id="42", outputs=["y"], parameters={"mine": 1}))
    expect_equal((response.id, [output.name for output in response.outputs]), ("42", ["y"]), "id and outputs")


def many(endpoint):
    responses = endpoint.infer_all([request("echo", tensor("x", np.array([n], np.int32))) for n in range(100)])
    expect_equal([response.outputs[0].as_numpy().tolist() for response in responses], [[n] for n in range(100)], "y")


def expect_error(endpoint, status, text, given, more):
    try:
        response = endpoint.infer(given, **more)
    except grpc.RpcError as error:
        said, code = error.details(), error.code().name
        expect(code == status and text in said, f"expected {status} with {text!r}, given {code} with {said!r}")
    except httpx.HTTPStatusError as error:
        said, code = str(error), error.response.status_code
        expect(code == STATUS[status] and text in said, f"expected {STATUS[status]} with {text!r}, given {code} with {said!r}")
    else:
        raise AssertionError(f"expected an error, given {response}")


def deadline(endpoint):
    given = request("echo.wait", tensor("x", np.array(30_000, np.int32)))
    try:
        endpoint.infer(given, timeout=0.2)
    except grpc.RpcError as error:
        expect_equal(error.code().name, "DEADLINE_EXCEEDED", "status")
    except httpx.ReadTimeout:
        pass
    else:
        raise AssertionError("expected an error")


if __name__ == "__main__":
    run_checks(__doc__, add_checks, options=(PROTOCOL,))
