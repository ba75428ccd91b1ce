"""Row and column form, every dtype, bytes, and what goes wrong."""

import base64
import concurrent.futures

import numpy as np

from calls import Server
from harness import expect, expect_equal

INTEGERS = ("int8", "uint8", "int16", "uint16", "int32", "uint32", "int64", "uint64")
FLOATS = ("float16", "float32", "float64")
X = np.arange(12, dtype=np.float32).reshape(3, 2, 2)


def add_predict_checks(checks, address):
    server = Server(address)
    checks.run("rows of named inputs", rows, server)
    checks.run("columns of named inputs", columns, server)
    checks.run("the default signature", default_signature, server)
    checks.run("a version", version, server)
    checks.run("rows of a method that is not batched", single_rows, server)
    checks.run("a column of a method that is not batched is one instance", single_column, server)
    for name in INTEGERS:
        checks.run(f"{name} up to its ends", integers, server, name)
    for name in FLOATS:
        checks.run(f"{name}, with what is not finite", floats, server, name)
    checks.run("booleans", booleans, server)
    checks.run("text", text, server)
    checks.run("bytes in base64", binary, server)
    checks.run("a batch of 1000 images", images, server)
    checks.run("many at a time", many, server)
    checks.run("urllib", by_urllib, server)
    for title, status, words, model, request in REFUSED:
        checks.run(title, refused, server, status, words, model, request)


def rows(server):
    instances = [{"x1": x.tolist(), "x2": x.tolist()} for x in X]
    given = server.predict("add-batch", signature_name="serving_default", instances=instances)
    expect_equal(np.array(given).tolist(), (X + X).tolist(), "predictions")


def columns(server):
    given = server.predict("add-batch", signature_name="add_common", inputs={"x1": X.tolist(), "x2": X.tolist()})
    expect_equal(np.array(given).tolist(), (X + X).tolist(), "outputs")


def default_signature(server):
    x = np.arange(6.0).reshape(3, 2)
    given = server.predict("echo", signature_name="serving_default", instances=x.tolist())
    expect_equal(given, x.tolist(), "predictions")
    expect_equal(server.predict("echo.batch", instances=x.tolist()), x.tolist(), "predictions of a method by name")


def version(server):
    instances = [{"x1": X[0].tolist(), "x2": X[1].tolist()}]
    given = server.predict("add-batch/versions/1", instances=instances)
    expect_equal(given, [(X[0] + X[1]).tolist()], "predictions")


def single_rows(server):
    instances = [{"x1": x.tolist(), "x2": x.tolist()} for x in X]
    given = server.predict("add", signature_name="add_common", instances=instances)
    expect_equal(given, (X + X).tolist(), "predictions")


def single_column(server):
    given = server.predict("add", signature_name="add_common", inputs={"x1": X[1].tolist(), "x2": X[2].tolist()})
    expect_equal(given, (X[1] + X[2]).tolist(), "outputs")


def integers(server, name):
    limits = np.iinfo(name)
    values = np.array([limits.min, 0, 1, limits.max], name).reshape(2, 2)
    for form in ("instances", "inputs"):
        given = server.predict("echo", signature_name=name, **{form: values.tolist()})
        expect_equal(given, values.tolist(), form)


def floats(server, name):
    values = np.array([0.1, -0.0, np.inf, -np.inf, np.nan, np.finfo(name).max, np.finfo(name).tiny], name)
    for form in ("instances", "inputs"):
        given = server.predict("echo", signature_name=name, **{form: values.tolist()})
        back = np.array(given, name)
        expect(np.array_equal(back.view(np.uint8), values.view(np.uint8)), f"{form}: expected {values}, given {back}")


def booleans(server):
    expect_equal(server.predict("echo", signature_name="bool", inputs=[True, False]), [True, False], "outputs")


def text(server):
    for value in ("", "plain", "Grüße, 世界 🚀 \u0000"):
        expect_equal(server.predict("echo", signature_name="string", instances=[value]), [value], "predictions")


def binary(server):
    value = {"b64": base64.b64encode(bytes(range(256))).decode("utf-8")}
    expect_equal(server.predict("echo", signature_name="bytes", instances=[value, value]), [value, value], "predictions")
    expect_equal(server.predict("echo", signature_name="bytes", inputs={"x": value}), value, "outputs")


def images(server):
    x = np.random.default_rng(1).random((1000, 28, 28), np.float32)
    predictions = server.predict("echo", signature_name="batch", instances=x.tolist())
    expect(np.array_equal(np.array(predictions, np.float32), x), "expected the same images")


def many(server):
    def one(i):
        return server.predict("echo", signature_name="float32", instances=[[i, i + 0.5]]) == [[i, i + 0.5]]

    with concurrent.futures.ThreadPoolExecutor(8) as pool:
        expect(all(pool.map(one, range(200))), "expected every caller to get its own answer")


def by_urllib(server):
    given = server.open("echo.float32:predict", {"instances": [1.0, 2.0, 5.0]})
    expect_equal(given, (200, {"predictions": [1.0, 2.0, 5.0]}), "reply")
    status, reply = server.open("half:predict", {"instances": [1.0, 5.0]})
    expect_equal((status, list(reply)), (404, ["error"]), "reply")


REFUSED = [
    ("an unknown model", 404, "Servable not found for request: Latest(half)", "half", {"instances": [1.0]}),
    ("an unknown version", 404, "Servable not found for request: Specific(echo, 9)", "echo/versions/9", {"instances": [1.0]}),
    ("an unknown signature", 400, 'Serving signature name: "x" not found in signature def', "echo", {"signature_name": "x", "instances": [1.0]}),
    ("no inputs", 400, "Missing 'inputs' or 'instances' key", "echo", {}),
    ("no instances", 400, "No values in 'instances' array", "echo", {"instances": []}),
    ("both forms", 400, "expecting only one of 'inputs' or 'instances' keys to exist", "echo", {"inputs": [1], "instances": [1]}),
    ("a list for two inputs", 400, "expecting list of objects as multiple input tensors required", "add-batch", {"instances": [1]}),
    ("a missing input", 400, "Missing named input: x2", "add-batch", {"inputs": {"x1": [[[1, 2], [3, 4]]]}}),
    ("a fraction for an integer", 400, "expected a whole number for int32, given 1.5", "echo.int32", {"instances": [1.5]}),
    ("an integer out of range", 400, "expected -128 to 127 for int8, given 128", "echo.int8", {"instances": [128]}),
    ("a ragged list", 400, "expected 2 elements along axis 1", "echo", {"instances": [[1, 2], [3]]}),
    ("a stage that fails", 500, "this method always fails", "echo.fail", {"instances": [1.0]}),
]


def refused(server, status, words, model, request):
    response = server.post(f"{model}:predict", **request)
    expect_equal(response.status_code, status, "status")
    error = response.json()["error"]
    expect(words in error, f"expected {words!r}, given {error!r}")
