"""KServe's two clients behind the same few calls, so that both go through the same checks."""

import asyncio
import sys
from unittest import mock

# It takes what it finds on the command line for the options of its own server, and ends the program over others.
with mock.patch.object(sys, "argv", sys.argv[:1]):
    from kserve import InferenceGRPCClient, InferenceRESTClient, InferInput, InferRequest
    from kserve.inference_client import RESTConfig
    from kserve.protocol.infer_type import RequestedOutput
    from kserve.utils.numpy_codec import from_np_dtype


def tensor(name, values, *, binary=True, datatype=None):
    given = InferInput(name, list(values.shape), datatype or from_np_dtype(values.dtype))
    given.set_data_from_numpy(values, binary_data=binary)
    return given


def request(model, *inputs, outputs=None, **more):
    asked = None if outputs is None else [RequestedOutput(name) for name in outputs]
    return InferRequest(model_name=model, infer_inputs=list(inputs), request_outputs=asked, **more)


class Endpoint:
    """The clients are asynchronous, and each call here has a client of its own."""

    def __init__(self, told):
        self.protocol = told.protocol
        self.address = told.address

    def infer(self, given, **more):
        return self._with_client(self._infer(given, more))

    def infer_all(self, requests):
        """At the same time, on one client."""

        async def all_of_them(client):
            return await asyncio.gather(*(self._infer(each, {})(client) for each in requests))

        return self._with_client(all_of_them)

    def is_server_live(self):
        return self._with_client(lambda client: client.is_server_live(*self._base()))

    def is_server_ready(self):
        return self._with_client(lambda client: client.is_server_ready(*self._base()))

    def is_model_ready(self, model):
        return self._with_client(lambda client: client.is_model_ready(*self._base(), model))

    def _infer(self, given, more):
        if self.protocol == "grpc":
            return lambda client: client.infer(given, **more)
        return lambda client: client.infer(*self._base(), given, model_name=given.model_name, **more)

    def _base(self):
        return [] if self.protocol == "grpc" else [f"http://{self.address}"]

    def _with_client(self, call):
        async def body():
            if self.protocol == "grpc":
                client = InferenceGRPCClient(self.address, timeout=30)
            else:
                client = InferenceRESTClient(RESTConfig(protocol="v2", timeout=30))
            async with client:
                return await call(client)

        return asyncio.run(body())
