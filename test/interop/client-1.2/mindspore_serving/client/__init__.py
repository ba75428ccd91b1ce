"""Stands in for the client of release 1.2, of which there is no wheel: same constructor and results, no shared code.

Its messages are encoded and decoded by hand, with the request's instances in field 3.
"""

import grpc

import predict_wire

INSTANCES_FIELD = 3
MAX_MESSAGE = 512 * 1024 * 1024


class Client:
    def __init__(self, ip, port, servable_name, method_name, version_number=0):
        options = [("grpc.max_send_message_length", MAX_MESSAGE), ("grpc.max_receive_message_length", MAX_MESSAGE)]
        self.channel = grpc.insecure_channel(f"{ip}:{port}", options=options)
        self.predict = self.channel.unary_unary(predict_wire.PREDICT)
        self.spec = predict_wire.servable_spec(servable_name, method_name, version_number)

    def infer(self, instances):
        try:
            return _results(self.predict(self._request(instances)))
        except grpc.RpcError as error:
            return {"error": f"Grpc Error, {error.code().value}"}

    def infer_async(self, instances):
        return _AsyncResult(self.predict.future(self._request(instances)))

    def _request(self, instances):
        if not isinstance(instances, (tuple, list)):
            instances = (instances,)
        encoded = [predict_wire.instance(item) for item in instances]
        return predict_wire.request(self.spec, encoded, INSTANCES_FIELD)


class _AsyncResult:
    def __init__(self, future):
        self.future = future

    def result(self):
        return _results(self.future.result())


def _results(reply_bytes):
    reply = predict_wire.decode_reply(reply_bytes)
    # 1.2 takes a single error for the whole request's, whatever its code and however many instances came with it
    if len(reply.errors) == 1:
        return {"error": reply.errors[0].text}
    if reply.errors and len(reply.errors) != len(reply.instances):
        raise RuntimeError(f"{len(reply.errors)} errors for {len(reply.instances)} instances")
    errors = reply.errors or [None] * len(reply.instances)
    return [{"error": error.text} if error and error.code else item for item, error in zip(reply.instances, errors)]
