"""Models that give many responses to a request: decoupled ones, as Triton calls them."""

import queue

import numpy as np
import tritonclient.grpc as triton

from calls import expect_error, tensor
from harness import expect, expect_equal


def add_streaming_checks(checks, address):
    client = triton.InferenceServerClient(address)
    checks.run("many responses, and an empty one that ends them", many_responses, address)
    checks.run("many responses, and nothing behind them", no_end, address)
    checks.run("a model that gives no response", no_response, address)
    checks.run("many requests on a stream, each with many responses", many_requests, address)
    checks.run("an error behind the responses", error_in_the_middle, address)
    checks.run("a request of many responses that is given up", given_up, address)
    checks.run("more responses than may wait to be sent, read as they come", long_answer, address)
    checks.run("the configuration of a decoupled model", configuration, client)
    checks.run("ModelInfer of a decoupled model", refused, client)


class Stream:
    """A stream whose results are taken one by one."""

    def __init__(self, address):
        self.client = triton.InferenceServerClient(address)
        self.answers = queue.Queue()

    def __enter__(self):
        self.client.start_stream(lambda result, error: self.answers.put((result, error)))
        return self

    def __exit__(self, *_):
        self.client.stop_stream(cancel_requests=True)
        self.client.close()

    def send(self, model, number, request_id="", with_end=True):
        inputs = [tensor("x", np.array(number, np.int32))]
        self.client.async_stream_infer(model, inputs, request_id=request_id, enable_empty_final_response=with_end)

    def next(self):
        """The id, the number and whether it is the final response."""
        result, error = self.answers.get(timeout=30)
        if error is not None:
            raise error
        response = result.get_response()
        is_final = response.parameters["triton_final_response"].bool_param
        y = result.as_numpy("y")
        return response.id, None if y is None else y.item(), is_final


def many_responses(address):
    with Stream(address) as stream:
        stream.send("echo.count", 3, "a")
        expect_equal([stream.next() for _ in range(4)], [("a", 0, False), ("a", 1, False), ("a", 2, False), ("a", None, True)], "responses")


def no_end(address):
    with Stream(address) as stream:
        stream.send("echo.count", 2, "a", with_end=False)
        stream.send("echo.count", 0, "b", with_end=True)
        given = {stream.next() for _ in range(3)}
        expect_equal(given, {("a", 0, False), ("a", 1, False), ("b", None, True)}, "responses")


def no_response(address):
    with Stream(address) as stream:
        stream.send("echo.count", 0, "a")
        expect_equal(stream.next(), ("a", None, True), "response")


def many_requests(address):
    seen = {}
    with Stream(address) as stream:
        for number in range(50):
            stream.send("echo.count", number, str(number))
        while len([numbers for numbers in seen.values() if numbers[-1] is None]) < 50:
            request_id, number, is_final = stream.next()
            expect_equal(is_final, number is None, "final")
            seen.setdefault(request_id, []).append(number)
    for number in range(50):
        expect_equal(seen[str(number)], [*range(number), None], f"responses to request {number}")


def error_in_the_middle(address):
    with Stream(address) as stream:
        stream.send("echo.breaks", 2, "a")
        expect_equal([stream.next(), stream.next()], [("a", 0, False), ("a", 1, False)], "responses")
        _, error = stream.answers.get(timeout=30)
        expect("error msg: no more" in str(error), f"given {error}")
        stream.send("echo.count", 0, "b")
        expect_equal(stream.next(), ("b", None, True), "response")


def given_up(address):
    """It has no end of its own, and another one that shares its executors has."""
    with Stream(address) as stream:
        stream.send("echo.endless", 1, "a")
        expect_equal(stream.next(), ("a", 0, False), "response")
    no_response(address)


def long_answer(address):
    with Stream(address) as stream:
        stream.send("echo.count_slowly", 3000)
        for number in range(3000):
            expect_equal(stream.next(), ("", number, False), "response")
        expect_equal(stream.next(), ("", None, True), "end")


def configuration(client):
    for model, decoupled in (("echo.count", True), ("echo", False)):
        config = client.get_model_config(model).config
        expect_equal(config.model_transaction_policy.decoupled, decoupled, model)


def refused(client):
    text = "ModelInfer RPC doesn't support models with decoupled transaction policy"
    expect_error(lambda: client.infer("echo.count", [tensor("x", np.array(1, np.int32))]), "UNIMPLEMENTED", text)
