"""Every form that a value has in JSON, through a method that gives back what it gets."""

import base64
import json

import numpy as np

from examples import expect_refused, instances_of
from harness import expect, expect_equal

TYPES = ["bool", "int8", "int16", "int32", "int64", "uint8", "uint16", "uint32", "uint64", "float16", "float32", "float64"]
ECHO = "/model/echo:any"


def add_form_checks(checks, post):
    for value in (1, -5, 1.5, True, "text", "größe", [1, 2], [[1.5], [2.5]], [[True, False]]):
        checks.run(f"{json.dumps(value)} comes back", expect_echo, post, value)
    checks.run("1 and 1.0 stay what they are", expect_kinds, post)
    checks.run("a list of one text is a text", expect_text, post)
    checks.run("bytes come back in base64", expect_bytes, post)
    for name in TYPES:
        for shape in ((), (1,), (2, 3), (0,)):
            checks.run(f"{name} {list(shape)} in base64", expect_encoded, post, name, shape)
    checks.run("64 bits are exact", expect_exact, post)
    for value, text in (
        (None, "json value is null, it is not supported"),
        ([], "json array, shape is empty"),
        ([[1, 2], [3]], "invalid json array: json size is 1, the dim 1 expected to be 2"),
        ([1, 2.5], "json array, elements type is not equal"),
        ({"b64": "AAA"}, "'AAA' is illegal b64 encode string"),
        ({"b64": "AAAA", "type": "int32"}, "size is not matched, decode base64 size:3"),
        ({"b64": "", "type": "int31"}, "json object, specified type:'int31' is illegal"),
        (3_000_000_000, "expected -2147483648 to 2147483647 for int32, given 3000000000"),
    ):
        checks.run(f"{json.dumps(value)} is refused", expect_refused, post, ECHO, {"x": value}, text)
    checks.run("a stage that fails", expect_refused, post, "/model/echo:fail", {"x": 1}, "this method always fails")


def echoed(post, value, method="any"):
    [instance] = instances_of(post, f"/model/echo:{method}", [{"x": value}])["instances"]
    expect("y" in instance, f"expected an output, given {instance!r}")
    return instance["y"]


def expect_echo(post, value):
    given = echoed(post, value)
    expect(given == value and type(given) is type(value), f"expected {value!r}, given {given!r}")


def expect_kinds(post):
    for value, text in ((1, '{"instances":[{"y":1}]}'), (1.0, '{"instances":[{"y":1.0}]}')):
        expect_equal(post(ECHO, {"instances": [{"x": value}]})[2], text, "the reply")


def expect_text(post):
    expect_equal(echoed(post, ["text"]), "text", "the output")


def expect_bytes(post):
    encoded = {"b64": base64.b64encode(bytes(range(256))).decode()}
    expect_equal(echoed(post, encoded), encoded, "the output")
    expect_equal(echoed(post, [encoded]), encoded, "the output of a list")


def expect_encoded(post, name, shape):
    dtype = np.dtype(name)
    array = np.arange(1, 1 + int(np.prod(shape, dtype=np.int64))).reshape(shape).astype(dtype)
    value = {"b64": base64.b64encode(array.tobytes()).decode(), "type": name, "shape": list(shape)}
    # Of a declared type, so that another would be refused.
    expect_equal(echoed(post, value, name), array.tolist(), "the output")


def expect_exact(post):
    for method, values in (("int64", [-(2**63), 2**63 - 1, 2**53 + 1]), ("uint64", [2**64 - 1, 0])):
        expect_equal(echoed(post, values, method), values, f"the output of {method}")
