"""Status and metadata, and what of the API is not there."""

from calls import Server
from harness import expect, expect_equal

AVAILABLE = {"version": "1", "state": "AVAILABLE", "status": {"error_code": "OK", "error_message": ""}}


def add_model_checks(checks, address):
    server = Server(address)
    checks.run("status", status, server)
    checks.run("metadata", metadata, server)
    checks.run("classify and regress are refused", refused, server)
    checks.run("labels are refused", labels, server)


def status(server):
    expect_equal(server.get("add-batch"), (200, {"model_version_status": [AVAILABLE]}), "all versions")
    expect_equal(server.get("add-batch/versions/1"), (200, {"model_version_status": [AVAILABLE]}), "one version")
    code, reply = server.get("half")
    expect_equal(code, 404, "status")
    expect("Could not find any versions of model half" in reply["error"], reply["error"])


def metadata(server):
    code, reply = server.get("add-batch/metadata")
    expect_equal((code, reply["model_spec"]["name"], reply["model_spec"]["version"]), (200, "add-batch", "1"), "model_spec")
    # As programs look for the names and shapes of what they are to send.
    signature = reply["metadata"]["signature_def"]["signature_def"]["serving_default"]
    shape = [int(dim["size"]) for dim in signature["inputs"]["x1"]["tensor_shape"]["dim"]]
    expect_equal((sorted(signature["inputs"]), shape), (["x1", "x2"], [-1, 2, 2]), "inputs")
    expect_equal(signature["outputs"]["y"]["dtype"], "DT_FLOAT", "dtype of the output")


def refused(server):
    for verb in ("classify", "regress"):
        response = server.post(f"add-batch:{verb}", examples=[{"x": 1.0}])
        expect_equal((response.status_code, list(response.json())), (501, ["error"]), verb)


def labels(server):
    response = server.post("add-batch/labels/stable:predict", instances=[1])
    expect_equal(response.status_code, 501, "status")
    expect("versions have no labels here" in response.json()["error"], response.text)
