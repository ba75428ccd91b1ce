"""Every datatype and kind of shape, there and back, bit by bit."""

import numpy as np
import tritonclient.grpc as triton
from tritonclient.grpc import service_pb2, service_pb2_grpc

import grpc
from calls import tensor, texts
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
    "uint64": np.array([2**64 - 1, 0], np.uint64),
    "float16": np.array([0x7E01, 0x8000, 0x7C00, 0x0001], np.uint16).view(np.float16),
    "float32": np.array([0x7FC01234, 0x80000000, 0xFF800000, 1], np.uint32).view(np.float32),
    "float64": np.array([0x7FF8000000001234, 0x8000000000000000, 1], np.uint64).view(np.float64),
}
SHAPES = [(), (1,), (0,), (2, 3), (2, 0, 3), (1, 2, 1, 2), (1000, 100)]
TEXTS = ["", "plain", "Grüße, 世界 🚀 \u0000", "\ufeffmark", "x" * 100_000]


def add_tensor_checks(checks, address):
    client = triton.InferenceServerClient(address)
    for name, values in VALUES.items():
        checks.run(f"{name} comes back bit by bit", same, client, f"echo.{name}", values)
        checks.run(f"{name} of any input, too", same, client, "echo", values)
    for shape in SHAPES:
        values = np.arange(int(np.prod(shape)), dtype=np.float32).reshape(shape)
        checks.run(f"shape {list(shape)}", same, client, "echo.float32", values)
    for size in (1, 3, 200):
        batch = np.arange(size * 6, dtype=np.int32).reshape(size, 2, 3)
        checks.run(f"a batch of {size}", same, client, "echo.batch", batch)
    checks.run("a batch of scalars", same, client, "echo.batch", np.arange(5.0))
    checks.run("a batch through a model", batch_through_model, client)
    for text in TEXTS:
        checks.run(f"text {text[:20]!r}", same_bytes, client, "echo.string", texts(text), [])
    checks.run("several texts of one instance", same_bytes, client, "echo.string", texts(*TEXTS), [len(TEXTS)])
    checks.run("bytes that are no text", same_bytes, client, "echo.bytes", texts(b"\xff\x00\xfe"), [])
    checks.run("a batch of bytes", same_bytes, client, "echo.batch", texts(b"\xff", b"", b"abc"), [3])
    checks.run("no elements of BYTES", same_bytes, client, "echo.bytes", texts(shape=[0]), [0])
    checks.run("typed contents", typed_contents, address)
    checks.run("outputs that are asked for, by name and with an id", asked_outputs, client)
    checks.run("the classes of an output", classes, client)


def same(client, model, values):
    result = client.infer(model, [tensor("x", values)]).as_numpy("y")
    expect_equal((result.dtype, result.shape), (values.dtype, values.shape), "dtype and shape")
    expect(result.tobytes() == values.tobytes(), "expected the same bits")


def same_bytes(client, model, values, shape):
    result = client.infer(model, [tensor("x", values, "BYTES")]).as_numpy("y")
    expect_equal(list(result.shape), shape, "shape")
    expect_equal(result.flatten().tolist(), values.flatten().tolist(), "elements")


def batch_through_model(client):
    x1, x2 = np.arange(12, dtype=np.float32).reshape(3, 2, 2), np.ones((3, 2, 2), np.float32)
    model = first_model(client, "add-batch")
    result = client.infer(model, [tensor("x1", x1), tensor("x2", x2)]).as_numpy("y")
    expect(np.array_equal(result, x1 + x2), f"expected the sums, given {result!r}")


def first_model(client, servable):
    index = client.get_model_repository_index()
    return next(model.name for model in index.models if model.name.split(".")[0] == servable)


def typed_contents(address):
    """The client only sends raw contents; its messages can do more."""
    stub = service_pb2_grpc.GRPCInferenceServiceStub(grpc.insecure_channel(address))
    fields = {
        "BOOL": ("bool_contents", [True, False], np.bool_),
        "INT8": ("int_contents", [-128, 127], np.int8),
        "INT16": ("int_contents", [-5, 5], np.int16),
        "INT32": ("int_contents", [-(2**31), 1], np.int32),
        "INT64": ("int64_contents", [-(2**63), 1], np.int64),
        "UINT8": ("uint_contents", [0, 255], np.uint8),
        "UINT16": ("uint_contents", [0, 65535], np.uint16),
        "UINT32": ("uint_contents", [0, 2**32 - 1], np.uint32),
        "UINT64": ("uint64_contents", [0, 2**64 - 1], np.uint64),
        "FP32": ("fp32_contents", [0.5, -1.25], np.float32),
        "FP64": ("fp64_contents", [0.1, 1e300], np.float64),
        "BYTES": ("bytes_contents", [b"a", b"\xff"], None),
    }
    for datatype, (field, values, dtype) in fields.items():
        request = service_pb2.ModelInferRequest(model_name="echo")
        given = request.inputs.add(name="x", datatype=datatype, shape=[2])
        getattr(given.contents, field).extend(values)
        [raw] = stub.ModelInfer(request).raw_output_contents
        expected = np.array(values, dtype).tobytes() if dtype else b"\x01\0\0\0a\x01\0\0\0\xff"
        expect_equal(raw, expected, datatype)


def asked_outputs(client):
    x = np.ones(2, np.float32)
    result = client.infer("echo", [tensor("x", x)], request_id="42", outputs=[triton.InferRequestedOutput("y")])
    response = result.get_response()
    expect_equal((response.id, response.model_name, response.model_version), ("42", "echo", "1"), "id and model")
    expect_equal([output.name for output in response.outputs], ["y"], "outputs")


def classes(client):
    x = np.array([[0.1, 0.7, 0.2], [3, 1, 2]], np.float32)
    asked = [triton.InferRequestedOutput("y", class_count=2)]
    result = client.infer("echo.batch", [tensor("x", x)], outputs=asked).as_numpy("y")
    expected = [[b"0.700000:1", b"0.200000:2"], [b"3.000000:0", b"2.000000:2"]]
    expect_equal(result.tolist(), expected, "classes")
