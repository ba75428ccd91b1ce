"""Every datatype and kind of shape, there and back, bit by bit: as binary data and in JSON, plain and compressed."""

import itertools

import numpy as np
import tritonclient.http as triton

from calls import ClientChecks, output, tensor, texts
from harness import expect, expect_equal

VALUES = {
    "bool": np.array([True, False, True]),
    "int8": np.array([-128, 0, 127], np.int8),
    "uint8": np.array([0, 255], np.uint8),
    "int16": np.array([-32768, 32767], np.int16),
    "uint16": np.array([65535], np.uint16),
    "int32": np.array([-(2**31), 2**31 - 1], np.int32),
    "uint32": np.array([2**32 - 1], np.uint32),
    "int64": np.array([-(2**63), 2**63 - 1, 2**53 + 1], np.int64),
    "uint64": np.array([2**64 - 1, 0, 2**53 + 1], np.uint64),
    "float16": np.array([0x7E01, 0x8000, 0x7C00, 0x0001], np.uint16).view(np.float16),
    "float32": np.array([0x80000000, 0xFF800000, 1, 0x3DCCCCCD], np.uint32).view(np.float32),
    "float64": np.array([0x8000000000000000, 0x7FF0000000000000, 1, 0x3FB999999999999A], np.uint64).view(np.float64),
}
# Bits that have no form in JSON.
BINARY_ONLY = {
    "float32": np.array([0x7FC01234, 0xFFC00000], np.uint32).view(np.float32),
    "float64": np.array([0x7FF8000000001234], np.uint64).view(np.float64),
}
SHAPES = [(), (1,), (0,), (2, 3), (2, 0, 3), (1, 2, 1, 2), (1000, 100)]
TEXTS = ["", "plain", "Grüße, 世界 🚀 \u0000", "\ufeffmark", '"quoted" \\ \n', "x" * 100_000]
CODINGS = [None, "gzip", "deflate"]
FORMS = [("as binary data", True, True), ("in JSON", False, False), ("in JSON, back as binary data", False, True), ("as binary data, back in JSON", True, False)]


def add_tensor_checks(checks, address):
    checks = ClientChecks(checks, address)
    for name, values in VALUES.items():
        for form, there, back in FORMS if name != "float16" else FORMS[:1]:
            checks.run(f"{name} {form}", same, f"echo.{name}", values, there, back)
        checks.run(f"{name} of any input, too", same, "echo", values)
    for name, values in BINARY_ONLY.items():
        checks.run(f"NaNs of {name}, bit by bit", same, f"echo.{name}", values)
    checks.run("NaN in JSON", nan_in_json)
    for shape, (form, there, back) in itertools.product(SHAPES, FORMS):
        values = np.arange(int(np.prod(shape)), dtype=np.float32).reshape(shape)
        checks.run(f"shape {list(shape)} {form}", same, "echo.float32", values, there, back)
    for request, response in itertools.product(CODINGS, CODINGS):
        values = np.arange(6000, dtype=np.int32).reshape(10, 600)
        for form, there, back in FORMS[:2]:
            checks.run(f"request {request}, response {response}, {form}", same, "echo", values, there, back,
                       request_compression_algorithm=request, response_compression_algorithm=response)
    for size in (1, 3, 200):
        batch = np.arange(size * 6, dtype=np.int32).reshape(size, 2, 3)
        checks.run(f"a batch of {size}", same, "echo.batch", batch)
        checks.run(f"a batch of {size} in JSON", same, "echo.batch", batch, False, False)
    checks.run("a batch through a model", batch_through_model)
    for text, (form, there, back) in itertools.product(TEXTS, FORMS):
        checks.run(f"text {text[:20]!r} {form}", same_bytes, "echo.string", texts(text), [], there, back)
    checks.run("several texts of one instance", same_bytes, "echo.string", texts(*TEXTS), [len(TEXTS)])
    checks.run("several texts in JSON", same_bytes, "echo.string", texts(*TEXTS), [len(TEXTS)], False, False)
    checks.run("bytes that are no text", same_bytes, "echo.bytes", texts(b"\xff\x00\xfe"), [])
    checks.run("a batch of bytes", same_bytes, "echo.batch", texts(b"\xff", b"", b"abc"), [3])
    checks.run("no elements of BYTES", same_bytes, "echo.bytes", texts(shape=[0]), [0])
    checks.run("a raw body", raw_body)
    checks.run("outputs that are asked for, by name and with an id", asked_outputs)
    checks.run("the classes of an output", classes)
    checks.run("a body that is made and read apart from the call", body_apart)


def infer(client, model, inputs, back, **more):
    return client.infer(model, inputs, outputs=[output(binary_data=back)], **more).as_numpy("y")


def same(client, model, values, there=True, back=True, **more):
    result = infer(client, model, [tensor("x", values, binary=there)], back, **more)
    expect_equal((result.dtype, result.shape), (values.dtype, values.shape), "dtype and shape")
    expect(result.tobytes() == values.tobytes(), f"expected the same bits, given {result!r}")


def same_bytes(client, model, values, shape, there=True, back=True):
    result = infer(client, model, [tensor("x", values, "BYTES", there)], back)
    expect_equal(list(result.shape), shape, "shape")
    given = [one if isinstance(one, bytes) else one.encode() for one in result.flatten().tolist()]
    expect_equal(given, values.flatten().tolist(), "elements")


def nan_in_json(client):
    result = infer(client, "echo.float32", [tensor("x", np.array([np.nan, 1], np.float32))], False)
    expect(np.isnan(result[0]) and result[1] == 1, f"given {result!r}")


def batch_through_model(client):
    x1, x2 = np.arange(12, dtype=np.float32).reshape(3, 2, 2), np.ones((3, 2, 2), np.float32)
    for binary in (True, False):
        result = client.infer(first_model(client, "add-batch"), [tensor("x1", x1, binary=binary), tensor("x2", x2)]).as_numpy("y")
        expect(np.array_equal(result, x1 + x2), f"expected the sums, given {result!r}")


def first_model(client, servable):
    return next(model["name"] for model in client.get_model_repository_index() if model["name"].split(".")[0] == servable)


def raw_body(client):
    """The client has no call of its own for it."""
    body = np.arange(3, dtype=np.float32).tobytes()
    response = client._post("v2/models/echo.float32/infer", body, {"Inference-Header-Content-Length": "0"}, None)
    expect_equal(response.status_code, 200, "status")
    expect_equal(triton.InferResult(response, False).as_numpy("y").tolist(), [0, 1, 2], "y")
    response = client._post("v2/models/echo.bytes/infer", b"\xff\x00", {"Inference-Header-Content-Length": "0"}, None)
    expect_equal(response.status_code, 200, "status")
    result = triton.InferResult(response, False).as_numpy("y")
    expect_equal(result.flatten().tolist(), [b"\xff\x00"], "y")


def asked_outputs(client):
    result = client.infer("echo", [tensor("x", np.ones(2, np.float32))], request_id="42", outputs=[output()])
    response = result.get_response()
    expect_equal((response["id"], response["model_name"], response["model_version"]), ("42", "echo", "1"), "id and model")
    expect_equal([one["name"] for one in response["outputs"]], ["y"], "outputs")
    # Without a list of outputs, the client asks for all of them as binary data.
    unasked = client.infer("echo", [tensor("x", np.ones(2, np.float32))])
    expect("binary_data_size" in unasked.get_output("y")["parameters"], "expected binary data")
    expect_equal(unasked.as_numpy("y").tolist(), [1, 1], "y")


def classes(client):
    x = np.array([[0.1, 0.7, 0.2], [3, 1, 2]], np.float32)
    for binary in (True, False):
        asked = [output(class_count=2, binary_data=binary)]
        result = client.infer("echo.batch", [tensor("x", x)], outputs=asked).as_numpy("y")
        given = [[one if isinstance(one, bytes) else one.encode() for one in row] for row in result.tolist()]
        expect_equal(given, [[b"0.700000:1", b"0.200000:2"], [b"3.000000:0", b"2.000000:2"]], "classes")


def body_apart(client):
    body, length = triton.InferenceServerClient.generate_request_body([tensor("x", np.ones(2, np.float32))])
    headers = {"Inference-Header-Content-Length": str(length)}
    response = client._post("v2/models/echo/infer", body, headers, None)
    given = triton.InferenceServerClient.parse_response_body(
        bytes(response.read()), header_length=int(response.get("Inference-Header-Content-Length"))
    )
    expect_equal(given.as_numpy("y").tolist(), [1, 1], "y")
