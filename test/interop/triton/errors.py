"""What goes wrong ends with Triton's status, and its words where it has some."""

import numpy as np
import tritonclient.grpc as triton

from calls import expect_error, tensor

ONES = np.ones((2, 2), np.float32)


def add_error_checks(checks, address):
    client = triton.InferenceServerClient(address)

    def refused(title, status, text, call):
        checks.run(title, expect_error, call, status, text)

    def infer(model, *inputs, **more):
        return lambda: client.infer(model, list(inputs), **more)

    pair = [tensor("x1", ONES), tensor("x2", ONES)]
    refused("unknown model", "NOT_FOUND", "Request for unknown model: 'nothing' is not found", infer("nothing", *pair))
    refused("unknown method", "NOT_FOUND", "Request for unknown model: 'add.nothing' is not found", infer("add.nothing", *pair))
    refused("a servable without a default", "NOT_FOUND", "Request for unknown model: 'add' is not found", infer("add", *pair))
    refused("unknown version", "NOT_FOUND", "version 9 is not found", infer("add.add_common", *pair, model_version="9"))
    refused("no version", "INVALID_ARGUMENT", "failed to get model version from specified version string 'x'", infer("add.add_common", *pair, model_version="x"))
    refused("metadata of an unknown model", "NOT_FOUND", "Request for unknown model", lambda: client.get_model_metadata("nothing"))
    refused("configuration of an unknown model", "NOT_FOUND", "Request for unknown model", lambda: client.get_model_config("nothing"))
    refused("statistics of an unknown model", "NOT_FOUND", "Request for unknown model", lambda: client.get_inference_statistics("nothing"))
    refused("missing input", "INVALID_ARGUMENT", "expected 2 inputs but got 1 inputs for model 'add.add_common'", infer("add.add_common", pair[0]))
    refused("unknown input", "INVALID_ARGUMENT", "unexpected inference input 'x3'", infer("add.add_common", *pair, tensor("x3", ONES)))
    refused("unknown output", "INVALID_ARGUMENT", "unexpected inference output 'z'", infer("add.add_common", *pair, outputs=[triton.InferRequestedOutput("z")]))
    refused("wrong datatype", "INVALID_ARGUMENT", "data-type is 'INT32', but model 'add.add_common' expects 'FP32'", infer("add.add_common", tensor("x1", ONES.astype(np.int32)), pair[1]))
    refused("wrong shape", "INVALID_ARGUMENT", "unexpected shape for input 'x1' for model 'add.add_common'. Expected [2,2], got [4]", infer("add.add_common", tensor("x1", ONES.reshape(4)), pair[1]))
    refused("BF16", "INVALID_ARGUMENT", "given 'BF16'", infer("echo", bfloat16()))
    refused("batches that differ", "INVALID_ARGUMENT", "batch size does not match other inputs", infer("add-batch.add_common", *unequal()))
    refused("outputs that are no one tensor", "INVALID_ARGUMENT", "expected one datatype and shape of all instances", infer("echo.zeros", tensor("x", np.array([[1], [2]], np.int32))))
    refused("a stage that fails", "INTERNAL", "this method always fails", infer("echo.fail", tensor("x", ONES)))
    refused("an output in shared memory", "UNIMPLEMENTED", "shared memory", infer("echo", tensor("x", ONES), outputs=[in_shared_memory()]))
    refused("a region of shared memory", "UNIMPLEMENTED", "shared memory is not offered", lambda: client.register_system_shared_memory("r", "/k", 8))
    refused("status of shared memory", "UNIMPLEMENTED", "shared memory is not offered", client.get_cuda_shared_memory_status)
    refused("loading", "UNAVAILABLE", "cannot be changed while the server runs", lambda: client.load_model("add"))
    refused("unloading", "UNAVAILABLE", "cannot be changed while the server runs", lambda: client.unload_model("add"))
    refused("other log settings", "UNIMPLEMENTED", "--log-level", lambda: client.update_log_settings({"log_info": False}))
    refused("other trace settings", "UNIMPLEMENTED", "does not trace", lambda: client.update_trace_settings(settings={"trace_level": ["TIMESTAMPS"]}))
    refused("a priority there is not", "INVALID_ARGUMENT", "parameter 'priority'", infer("echo", tensor("x", ONES), priority=5000))
    checks.run("a priority there is", infer("echo", tensor("x", ONES), priority=1))
    checks.run("a timeout that is long enough", infer("echo", tensor("x", ONES), timeout=60_000_000))
    checks.run("parameters of others are ignored", infer("echo", tensor("x", ONES), parameters={"mine": "x", "n": 1}))
    checks.run("sequences are ignored", infer("echo", tensor("x", ONES), sequence_id=7, sequence_start=True))


def bfloat16():
    """As raw bytes, since only some versions of the client know the type of numpy for it."""
    given = triton.InferInput("x", [2], "UINT16")
    given.set_data_from_numpy(np.zeros(2, np.uint16))
    given._get_tensor().datatype = "BF16"
    return given


def unequal():
    return tensor("x1", np.ones((2, 2, 2), np.float32)), tensor("x2", np.ones((3, 2, 2), np.float32))


def in_shared_memory():
    output = triton.InferRequestedOutput("y")
    output.set_shared_memory("r", 16)
    return output
