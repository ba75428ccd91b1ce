"""What goes wrong over HTTP ends with Triton's status, and its words where it has some."""

import numpy as np

from calls import ClientChecks, expect_error, output, tensor

ONES = np.ones((2, 2), np.float32)


def add_error_checks(checks, address):
    checks = ClientChecks(checks, address)

    def refused(title, status, text, call):
        checks.run(title, expect_error, call, status, text)

    def infer(model, *inputs, **more):
        return lambda client: client.infer(model, list(inputs), **more)

    pair = [tensor("x1", ONES), tensor("x2", ONES)]
    ones = tensor("x", ONES)
    refused("unknown model", 404, "Request for unknown model: 'nothing' is not found", infer("nothing", *pair))
    refused("unknown method", 404, "Request for unknown model: 'add.nothing' is not found", infer("add.nothing", *pair))
    refused("a name that has to be quoted", 404, "Request for unknown model: 'a? b%20 größe' is not found", infer("a? b%20 größe", *pair))
    refused("unknown version", 404, "version 9 is not found", infer("add.add_common", *pair, model_version="9"))
    refused("no version", 400, "failed to get model version from specified version string 'x'", infer("add.add_common", *pair, model_version="x"))
    refused("metadata of an unknown model", 404, "Request for unknown model", lambda client: client.get_model_metadata("nothing"))
    refused("configuration of an unknown model", 404, "Request for unknown model", lambda client: client.get_model_config("nothing"))
    refused("statistics of an unknown model", 404, "Request for unknown model", lambda client: client.get_inference_statistics("nothing"))
    refused("missing input", 400, "expected 2 inputs but got 1 inputs for model 'add.add_common'", infer("add.add_common", pair[0]))
    refused("unknown input", 400, "unexpected inference input 'x3'", infer("add.add_common", *pair, tensor("x3", ONES)))
    refused("unknown output", 400, "unexpected inference output 'z'", infer("add.add_common", *pair, outputs=[output("z")]))
    refused("wrong datatype", 400, "data-type is 'INT32', but model 'add.add_common' expects 'FP32'", infer("add.add_common", tensor("x1", ONES.astype(np.int32)), pair[1]))
    refused("wrong shape", 400, "unexpected shape for input 'x1' for model 'add.add_common'. Expected [2,2], got [4]", infer("add.add_common", tensor("x1", ONES.reshape(4)), pair[1]))
    refused("batches that differ", 400, "batch size does not match other inputs", infer("add-batch", *unequal()))
    refused("outputs that are no one tensor", 400, "expected one datatype and shape of all instances", infer("echo.zeros", tensor("x", np.array([[1], [2]], np.int32))))
    refused("FP16 in JSON", 400, "sending FP16 data via JSON is not supported", infer("echo", tensor("x", ONES.astype(np.float16)), outputs=[output(binary_data=False)]))
    refused("a stage that fails", 500, "this method always fails", infer("echo.fail", ones))
    refused("an output in shared memory", 501, "shared memory", infer("echo", ones, outputs=[in_shared_memory()]))
    refused("a region of shared memory", 501, "shared memory is not offered", lambda client: client.register_system_shared_memory("r", "/k", 8))
    refused("status of shared memory", 501, "shared memory is not offered", lambda client: client.get_cuda_shared_memory_status())
    refused("loading", 503, "cannot be changed while the server runs", lambda client: client.load_model("add"))
    refused("unloading", 503, "cannot be changed while the server runs", lambda client: client.unload_model("add"))
    refused("other log settings", 501, "--log-level", lambda client: client.update_log_settings({"log_info": False}))
    refused("other trace settings", 501, "does not trace", lambda client: client.update_trace_settings(settings={"trace_level": ["TIMESTAMPS"]}))
    refused("a priority there is not", 400, "parameter 'priority'", infer("echo", ones, priority=5000))
    checks.run("a priority there is", infer("echo", ones, priority=1))
    checks.run("a timeout that is long enough", infer("echo", ones, timeout=60_000_000))
    checks.run("parameters of others are ignored", infer("echo", ones, parameters={"mine": "x", "n": 1}))
    checks.run("sequences are ignored", infer("echo", ones, sequence_id=7, sequence_start=True))


def unequal():
    return tensor("x1", np.ones((2, 2, 2), np.float32)), tensor("x2", np.ones((3, 2, 2), np.float32))


def in_shared_memory():
    asked = output()
    asked.set_shared_memory("r", 16)
    return asked
