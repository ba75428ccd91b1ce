"""The examples of MindSpore Serving's documentation: what a 2x2 addition answers."""

import base64
import json

import numpy as np

from harness import expect, expect_equal

X1 = np.array([[1, 2], [3, 4]], np.float32)
X2 = np.array([[1, 1], [1, 1]], np.float32)
SUM = {"y": [[2.0, 3.0], [4.0, 5.0]]}
WRONG_TYPE = "Given model input 0 data type kMSI_Int32 not match the data type kMSI_Float32 defined in model"


def add_example_checks(checks, post):
    good = {"x1": X1.tolist(), "x2": X2.tolist()}
    integers = {"x1": X1.astype(np.int32).tolist(), "x2": X2.tolist()}
    encoded = {
        "x1": {"b64": base64.b64encode(X1.tobytes()).decode(), "type": "float32", "shape": [2, 2]},
        "x2": X2.tolist(),
    }
    many = [{"x1": (X1 * i).tolist(), "x2": X2.tolist()} for i in range(100)]

    def answers(title, path, instances, expected):
        checks.run(title, expect_instances, post, path, instances, expected)

    def refuses(title, path, instances, text):
        checks.run(title, expect_refused, post, path, instances, text)

    answers("an instance", "/model/add:add_common", [good], [SUM])
    answers("an instance as an object", "/model/add:add_common", good, [SUM])
    answers("base64", "/model/add:add_common", [encoded], [SUM])
    answers("a version", "/model/add/version/1:add_common", [good], [SUM])
    answers("version 0", "/model/add/version/0:add_common", [good], [SUM])
    answers("the version first", "/version/1/model/add:add_common", [good], [SUM])
    answers("integers, cast by the servable", "/model/add:add_cast", [integers], [SUM])
    answers("many instances", "/model/add-batch:add_common", many, [{"y": (X1 * i + X2).tolist()} for i in range(100)])
    refuses("integers for a model of float32", "/model/add:add_common", [integers], WRONG_TYPE)
    refuses(
        "an unknown version",
        "/model/add/version/9:add_common",
        [good],
        "Request servable(add) method(add_common)  version(9) , servable is not available",
    )
    refuses(
        "an unknown servable",
        "/model/nothing:add_common",
        [good],
        "Request servable(nothing) method(add_common) , servable is not available",
    )
    refuses(
        "an unknown method",
        "/model/add:nothing",
        [good],
        "Request servable(add) method(nothing) , method is not available",
    )
    refuses("no such path", "/models/add:predict", [good], "please check url, the keyword:[model] must contain.")
    checks.run("one of two fails", expect_one_failed, post, [good, integers])


def instances_of(post, path, instances):
    status, content_type, text = post(path, {"instances": instances})
    expect_equal((status, content_type), (200, "application/json"), "status and content type")
    return json.loads(text)


def expect_instances(post, path, instances, expected):
    expect_equal(instances_of(post, path, instances), {"instances": expected}, "the reply")


def expect_refused(post, path, instances, text):
    reply = instances_of(post, path, instances)
    expect(list(reply) == ["error_msg"] and text in reply["error_msg"], f"expected {text!r}, given {reply!r}")


def expect_one_failed(post, instances):
    first, second = instances_of(post, "/model/add:add_common", instances)["instances"]
    expect_equal(first, SUM, "the first instance")
    expect(list(second) == ["error_msg"] and WRONG_TYPE in second["error_msg"], f"given {second!r}")
