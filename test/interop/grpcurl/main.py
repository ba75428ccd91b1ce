"""Checks the server's reflection, and calls without any schema, with grpcurl; the last line is the count."""

import base64
import json
import struct

from command import Grpcurl
from harness import expect, expect_equal
from program import PROGRAM, run_checks

INFERENCE, PREDICT, HEALTH = "inference.GRPCInferenceService", "mindspore.serving.proto.MSService", "grpc.health.v1.Health"
# All rpcs of the services that are public.
RPCS = {
    INFERENCE: [
        *("ServerLive", "ServerReady", "ModelReady", "ServerMetadata", "ModelMetadata", "ModelInfer", "ModelStreamInfer"),
        *("ModelConfig", "ModelStatistics", "RepositoryIndex", "RepositoryModelLoad", "RepositoryModelUnload"),
        *("SystemSharedMemoryStatus", "SystemSharedMemoryRegister", "SystemSharedMemoryUnregister"),
        *("CudaSharedMemoryStatus", "CudaSharedMemoryRegister", "CudaSharedMemoryUnregister", "TraceSetting", "LogSettings"),
    ],
    PREDICT: ["Predict"],
    "serving.predict.v1.PredictService": ["PredictStream"],
    HEALTH: ["Check", "List", "Watch"],
    "grpc.reflection.v1.ServerReflection": ["ServerReflectionInfo"],
}
SYMBOLS = {
    "inference.ModelInferRequest.InferInputTensor": "is a message",
    "inference.DataType": "is an enum",
    "inference.ModelConfig": "is a message",
    f"{INFERENCE}.ModelStreamInfer": "rpc ModelStreamInfer ( stream .inference.ModelInferRequest ) returns ( stream .inference.ModelStreamInferResponse );",
    "mindspore.serving.proto.PredictRequest": "is a message",
    "mindspore.serving.proto.DataType": "is an enum",
    "grpc.health.v1.HealthCheckResponse.ServingStatus": "is an enum",
}


def add_checks(checks, told):
    grpcurl = Grpcurl(told)
    checks.run("lists the public services", lists, grpcurl)
    for service, rpcs in RPCS.items():
        checks.run(f"describes {service}", describes, grpcurl, service, rpcs)
    for symbol, text in SYMBOLS.items():
        checks.run(f"describes {symbol}", lambda s=symbol, t=text: expect(t in grpcurl.say("describe", s), f"expected {t!r}"))
    checks.run("describes all of it", describes_all, grpcurl)
    checks.run("an unknown symbol", unknown_symbol, grpcurl)
    add_call_checks(checks, grpcurl)
    add_error_checks(checks, grpcurl)


def lists(grpcurl):
    expect_equal(sorted(grpcurl.say("list").split()), sorted(RPCS), "services")


def describes(grpcurl, service, rpcs):
    names = [line.rpartition(".")[2] for line in grpcurl.say("list", service).split()]
    expect_equal(sorted(names), sorted(rpcs), "rpcs")
    described = grpcurl.say("describe", service)
    for name in rpcs:
        expect(f"rpc {name} (" in described, f"expected {name}, given {described}")


def describes_all(grpcurl):
    described = grpcurl.say("describe")
    for service in RPCS:
        expect(f"{service} is a service" in described, f"expected {service}, given {described}")


def unknown_symbol(grpcurl):
    code, _, problem = grpcurl.run("describe", "nothing.Here")
    expect(code != 0 and "Symbol not found: nothing.Here" in problem, f"given {code} and {problem!r}")


def add_call_checks(checks, grpcurl):
    def answers(title, method, message, expected):
        checks.run(title, lambda: expect_equal(grpcurl.call(method, message), expected, "answer"))

    answers("ServerLive", f"{INFERENCE}/ServerLive", {}, {"live": True})
    answers("ServerReady", f"{INFERENCE}/ServerReady", {}, {"ready": True})
    answers("ModelReady", f"{INFERENCE}/ModelReady", {"name": "add.add_common"}, {"ready": True})
    answers("ModelMetadata", f"{INFERENCE}/ModelMetadata", {"name": "add.add_common"}, METADATA)
    answers("ModelInfer with numbers", f"{INFERENCE}/ModelInfer", typed_request("add.add_common"), INFERRED)
    answers("ModelInfer with bytes", f"{INFERENCE}/ModelInfer", raw_request("add.add_common"), INFERRED)
    answers("health of the server", f"{HEALTH}/Check", {}, {"status": "SERVING"})
    answers("health of a model", f"{HEALTH}/Check", {"service": "add.add_common"}, {"status": "SERVING"})
    answers("Predict", f"{PREDICT}/Predict", predict_request("add_common"), PREDICTED)
    checks.run("ModelStreamInfer", stream, grpcurl)
    checks.run("an instance that is wrong", predict_error, grpcurl)
    checks.run("ModelConfig", configuration, grpcurl)
    checks.run("the index", index, grpcurl)


def encoded(*values):
    return base64.b64encode(struct.pack(f"<{len(values)}f", *values)).decode()


def port(name):
    return {"name": name, "datatype": "FP32", "shape": ["2", "2"]}


METADATA = {
    "name": "add.add_common",
    "versions": ["1"],
    "platform": "onnxruntime_onnx",
    "inputs": [port("x1"), port("x2")],
    "outputs": [port("y")],
}
INFERRED = {
    "modelName": "add.add_common",
    "modelVersion": "1",
    "id": "7",
    "outputs": [port("y")],
    "rawOutputContents": [encoded(2, 4, 6, 8)],
}


def typed_request(model):
    contents = {"fp32Contents": [1, 2, 3, 4]}
    return {"modelName": model, "id": "7", "inputs": [{**port(name), "contents": contents} for name in ("x1", "x2")]}


def raw_request(model):
    return {"model_name": model, "id": "7", "inputs": [port("x1"), port("x2")], "raw_input_contents": [encoded(1, 2, 3, 4)] * 2}


def item(*values):
    return {"shape": {"dims": ["2", "2"]}, "dtype": "MS_FLOAT32", "data": encoded(*values)}


def predict_request(method):
    spec = {"name": "add", "methodName": method}
    return {"servableSpec": spec, "instances": [{"items": {"x1": item(1, 2, 3, 4), "x2": item(1, 1, 1, 1)}}]}


PREDICTED = {"servableSpec": {"name": "add", "methodName": "add_common"}, "instances": [{"items": {"y": item(2, 3, 4, 5)}}]}


def stream(grpcurl):
    first, second, third = grpcurl.call_all(
        f"{INFERENCE}/ModelStreamInfer", [typed_request(model) for model in ("add.add_common", "nothing", "add.add_common")]
    )
    final = {"parameters": {"triton_final_response": {"boolParam": True}}}
    expect_equal((first, third), ({"inferResponse": {**INFERRED, **final}},) * 2, "answers")
    expect("Request for unknown model: 'nothing'" in second["errorMessage"], f"given {second}")
    expect_equal(second["inferResponse"], {"modelName": "nothing", "id": "7", **final}, "the request that has the error")


def predict_error(grpcurl):
    message = predict_request("add_common")
    del message["instances"][0]["items"]["x2"]
    [error] = grpcurl.call(f"{PREDICT}/Predict", message)["errorMsg"]
    said = base64.b64decode(error["errorMsg"]).decode()
    expect("Cannot find input x2 in instance input" in said, f"given {said}")


def configuration(grpcurl):
    config = grpcurl.call(f"{INFERENCE}/ModelConfig", {"name": "add-batch"})["config"]
    expect_equal((config["name"], config["backend"]), ("add-batch", "onnxruntime"), "name and backend")
    expect_equal([each["dataType"] for each in config["input"]], ["TYPE_FP32"] * 2, "types")
    expect(config["maxBatchSize"] > 1, f"expected a batch, given {config}")


def index(grpcurl):
    models = grpcurl.call(f"{INFERENCE}/RepositoryIndex", {})["models"]
    expect({"name": "add.add_common", "version": "1", "state": "READY"} in models, f"given {models}")


def add_error_checks(checks, grpcurl):
    def refused(title, method, message, *texts):
        text = message if isinstance(message, str) else json.dumps(message)
        checks.run(title, expect_texts, lambda: grpcurl.error(method, text), texts)

    refused("an unknown model", f"{INFERENCE}/ModelMetadata", {"name": "nothing"}, "Code: NotFound", "Request for unknown model: 'nothing' is not found")
    refused("a request that lacks inputs", f"{INFERENCE}/ModelInfer", {"modelName": "add.add_common"}, "Code: InvalidArgument", "expected 2 inputs but got 0 inputs")
    refused("too few bytes", f"{INFERENCE}/ModelInfer", {**raw_request("add.add_common"), "raw_input_contents": ["AAAA", "AAAA"]}, "Code: InvalidArgument", "x1")
    refused("shared memory", f"{INFERENCE}/SystemSharedMemoryStatus", {}, "Code: Unimplemented", "shared memory is not offered")
    refused("loading", f"{INFERENCE}/RepositoryModelLoad", {"modelName": "add"}, "Code: Unavailable", "cannot be changed while the server runs")
    refused("health of an unknown service", f"{HEALTH}/Check", {"service": "nothing"}, "Code: NotFound", "nothing")
    refused("an unknown rpc", f"{INFERENCE}/Nothing", {}, "does not include a method named")
    refused("an unknown service", "nothing.Here/Nothing", {}, "does not expose service")
    refused("what is no message of the rpc", f"{INFERENCE}/ModelMetadata", {"nothing": 1}, "no known field named nothing")


def expect_texts(error, texts):
    said = error()
    for text in texts:
        expect(text in said, f"expected {text!r}, given {said!r}")


if __name__ == "__main__":
    run_checks(__doc__, add_checks, options=(PROGRAM,))
