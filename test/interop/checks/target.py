"""The server under test, and this client version's way of talking to it."""

import inspect

from mindspore_serving.client import Client


class Target:
    def __init__(self, host, port):
        self.host = host
        self.port = port
        self.takes_address = "address" in inspect.signature(Client).parameters

    @property
    def address(self):
        return f"{self.host}:{self.port}"

    def client(self, method="add_common", servable="add", version=0):
        where = (self.address,) if self.takes_address else (self.host, self.port)
        return Client(*where, servable, method, version)


def instances_field():
    """The number of PredictRequest.instances in this client's own messages."""
    try:
        from mindspore_serving.proto import ms_service_pb2
    except ImportError:
        from mindspore_serving.client import INSTANCES_FIELD

        return INSTANCES_FIELD
    return ms_service_pb2.PredictRequest.DESCRIPTOR.fields_by_name["instances"].number
