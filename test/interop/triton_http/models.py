"""Health, metadata, configuration, statistics, index and settings over HTTP."""

import numpy as np

from calls import ClientChecks, tensor
from harness import expect, expect_equal


def add_model_checks(checks, address):
    checks = ClientChecks(checks, address)
    checks.run("the server is live and ready", health)
    checks.run("models are ready or not", model_health)
    checks.run("server metadata", server_metadata)
    checks.run("metadata", metadata)
    checks.run("configuration", configuration)
    checks.run("statistics", statistics)
    checks.run("statistics of all models", all_statistics)
    checks.run("index", index)
    checks.run("settings", settings)


def health(client):
    expect(client.is_server_live() and client.is_server_ready(), "expected live and ready")


def model_health(client):
    for model, version, ready in (
        ("add.add_common", "", True),
        ("add.add_common", "1", True),
        ("add.add_common", "2", False),
        ("echo", "", True),
        ("nothing", "", False),
        ("größe/%", "", False),
    ):
        expect_equal(client.is_model_ready(model, version), ready, f"{model} {version}")


def server_metadata(client):
    given = client.get_server_metadata()
    expect_equal(given["name"], "serving", "name")
    for extension in ("classification", "model_repository", "model_configuration", "statistics", "schedule_policy", "binary_tensor_data"):
        expect(extension in given["extensions"], f"expected {extension}, given {given['extensions']}")


def metadata(client):
    port = lambda name, shape: {"name": name, "datatype": "FP32", "shape": shape}
    for version in ("", "1"):
        given = client.get_model_metadata("add.add_common", version)
        expect_equal((given["name"], given["versions"], given["platform"]), ("add.add_common", ["1"], "onnxruntime_onnx"), "model")
        expect_equal((given["inputs"], given["outputs"]), ([port("x1", [2, 2]), port("x2", [2, 2])], [port("y", [2, 2])]), "tensors")
    batched = client.get_model_metadata("add-batch")
    expect_equal(batched["inputs"], [port("x1", [-1, 2, 2]), port("x2", [-1, 2, 2])], "inputs")


def configuration(client):
    batched = client.get_model_config("add-batch")
    expect_equal(batched["max_batch_size"], 64, "max_batch_size")
    expect("dynamic_batching" in batched, "expected dynamic batching")
    expect_equal([(one["name"], one["data_type"], one["dims"]) for one in batched["input"]], [("x1", "TYPE_FP32", [2, 2]), ("x2", "TYPE_FP32", [2, 2])], "input")
    expect(batched["instance_group"][0]["count"] >= 1, "expected instances")
    single = client.get_model_config("add.add_common", "1")
    expect_equal((single["max_batch_size"], "dynamic_batching" in single), (0, False), "batching")
    expect_equal((single["model_transaction_policy"]["decoupled"], single["response_cache"]["enable"]), (False, False), "what clients read unasked")


def statistics(client):
    def count():
        [stats] = client.get_inference_statistics("echo.batch", "1")["model_stats"]
        return stats

    before = count()
    for size in (1, 4):
        client.infer("echo.batch", [tensor("x", np.zeros((size, 2), np.float32))])
    after = count()
    expect_equal((after["name"], after["version"]), ("echo.batch", "1"), "model")
    expect_equal(after["inference_count"] - before["inference_count"], 5, "instances")
    expect_equal(after["execution_count"] - before["execution_count"], 2, "batches")
    for what in ("success", "queue", "compute_input", "compute_infer", "compute_output"):
        expect_equal(after["inference_stats"][what]["count"] - before["inference_stats"][what]["count"], 2, what)
    expect(after["inference_stats"]["success"]["ns"] > before["inference_stats"]["success"]["ns"], "expected time to pass")
    sizes = {batch["batch_size"] for batch in after["batch_stats"]}
    expect({1, 4} <= sizes, f"expected batches of 1 and 4, given {sizes}")


def all_statistics(client):
    names = {stats["name"] for stats in client.get_inference_statistics()["model_stats"]}
    expect({"add.add_common", "add.add_cast", "echo", "echo.batch"} <= names, f"given {names}")


def index(client):
    states = {(model["name"], model["version"]): model["state"] for model in client.get_model_repository_index()}
    expect_equal(states[("add.add_cast", "1")], "READY", "state")
    expect_equal(set(states.values()), {"READY"}, "states")


def settings(client):
    for model in (None, "echo"):
        expect_equal(client.get_trace_settings(model)["trace_level"], ["OFF"], "trace level")
    expect(client.get_log_settings()["log_error"], "expected errors to be logged")
