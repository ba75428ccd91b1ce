"""Health, metadata, configuration, statistics, index and settings."""

import numpy as np
import tritonclient.grpc as triton

from calls import tensor
from harness import expect, expect_equal
from tensors import first_model


def add_model_checks(checks, address):
    client = triton.InferenceServerClient(address)
    checks.run("the server is live and ready", health, client)
    checks.run("models are ready or not", model_health, client)
    checks.run("server metadata", server_metadata, client)
    checks.run("metadata of a model without a batch", metadata, client)
    checks.run("metadata of a batched model", batched_metadata, client)
    checks.run("configuration", configuration, client)
    checks.run("statistics", statistics, client)
    checks.run("statistics of all models", all_statistics, client)
    checks.run("index", index, client)
    checks.run("settings", settings, client)


def health(client):
    expect(client.is_server_live() and client.is_server_ready(), "expected live and ready")


def model_health(client):
    for model, version, ready in (
        ("add.add_common", "", True),
        ("add.add_common", "1", True),
        ("add.add_common", "2", False),
        ("echo", "", True),
        ("nothing", "", False),
    ):
        expect_equal(client.is_model_ready(model, version), ready, f"{model} {version}")


def server_metadata(client):
    metadata = client.get_server_metadata()
    expect_equal(metadata.name, "serving", "name")
    for extension in ("classification", "model_repository", "model_configuration", "statistics", "schedule_policy"):
        expect(extension in metadata.extensions, f"expected {extension}, given {list(metadata.extensions)}")


def tensors(ports):
    return [(port.name, port.datatype, list(port.shape)) for port in ports]


def metadata(client):
    given = client.get_model_metadata("add.add_common")
    expect_equal((given.name, list(given.versions), given.platform), ("add.add_common", ["1"], "onnxruntime_onnx"), "model")
    expect_equal(tensors(given.inputs), [("x1", "FP32", [2, 2]), ("x2", "FP32", [2, 2])], "inputs")
    expect_equal(tensors(given.outputs), [("y", "FP32", [2, 2])], "outputs")


def batched_metadata(client):
    given = client.get_model_metadata(first_model(client, "add-batch"))
    expect_equal(tensors(given.inputs), [("x1", "FP32", [-1, 2, 2]), ("x2", "FP32", [-1, 2, 2])], "inputs")
    expect_equal(tensors(given.outputs), [("y", "FP32", [-1, 2, 2])], "outputs")


def configuration(client):
    batched = client.get_model_config(first_model(client, "add-batch"), as_json=True)["config"]
    expect_equal(batched["max_batch_size"], 64, "max_batch_size")
    expect("dynamic_batching" in batched, "expected dynamic batching")
    expect_equal([(one["name"], one["data_type"], one["dims"]) for one in batched["input"]], [("x1", "TYPE_FP32", ["2", "2"]), ("x2", "TYPE_FP32", ["2", "2"])], "input")
    expect(batched["instance_group"][0]["count"] >= 1, "expected instances")
    single = client.get_model_config("add.add_common").config
    expect_equal(single.max_batch_size, 0, "max_batch_size")
    expect(single.HasField("model_transaction_policy") and single.HasField("response_cache"), "expected both fields")


def statistics(client):
    def count():
        [stats] = client.get_inference_statistics("echo.batch").model_stats
        return stats

    before = count()
    for size in (1, 4):
        client.infer("echo.batch", [tensor("x", np.zeros((size, 2), np.float32))])
    after = count()
    expect_equal((after.name, after.version), ("echo.batch", "1"), "model")
    expect_equal(after.inference_count - before.inference_count, 5, "instances")
    expect_equal(after.execution_count - before.execution_count, 2, "batches")
    for what in ("success", "queue", "compute_input", "compute_infer", "compute_output"):
        grown = getattr(after.inference_stats, what).count - getattr(before.inference_stats, what).count
        expect_equal(grown, 2, what)
    expect(after.inference_stats.success.ns > before.inference_stats.success.ns, "expected time to pass")
    sizes = {batch.batch_size for batch in after.batch_stats}
    expect({1, 4} <= sizes, f"expected batches of 1 and 4, given {sizes}")


def all_statistics(client):
    names = {stats.name for stats in client.get_inference_statistics().model_stats}
    expect({"add.add_common", "add.add_cast", "echo", "echo.batch"} <= names, f"given {names}")


def index(client):
    models = client.get_model_repository_index().models
    states = {(model.name, model.version): model.state for model in models}
    expect_equal(states[("add.add_cast", "1")], "READY", "state")
    expect_equal(set(states.values()), {"READY"}, "states")


def settings(client):
    expect_equal(list(client.get_trace_settings().settings["trace_level"].value), ["OFF"], "trace level")
    expect(client.get_log_settings().settings["log_error"].bool_param, "expected errors to be logged")
