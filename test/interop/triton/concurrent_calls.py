"""Calls at the same time: async, streams, asyncio, and calls that are given up."""

import asyncio
import queue
import threading

import numpy as np
import tritonclient.grpc as triton
import tritonclient.grpc.aio as triton_aio

from calls import expect_error, tensor
from harness import expect, expect_equal

CALLS = 200
# More than any stack is deep.
LONG_STREAM = 20_000


def numbered(number):
    return [tensor("x", np.array([number], np.int32))]


def add_concurrent_checks(checks, address):
    client = triton.InferenceServerClient(address)
    checks.run("asynchronous calls", asynchronous, client)
    checks.run("many threads on one client", many_threads, client)
    checks.run("asyncio", lambda: asyncio.run(with_asyncio(address)))
    checks.run("a stream answers in order", stream, address)
    checks.run("an error on a stream does not end it", stream_error, address)
    checks.run("a stream that ends at the first error", stream_status, address)
    checks.run("a stream of many requests that is given up", long_stream, address)
    checks.run("a stream of asyncio", lambda: asyncio.run(asyncio_stream(address)))
    checks.run("the deadline of a client", expect_error, lambda: waits(client, client_timeout=0.2), "DEADLINE_EXCEEDED", "")
    checks.run("a call that is cancelled", cancelled, client)


def waits(client, **more):
    return client.infer("echo.wait", [tensor("x", np.array(30_000, np.int32))], **more)


def asynchronous(client):
    results = queue.Queue()
    for number in range(CALLS):
        client.async_infer("echo", numbered(number), lambda result, error: results.put((result, error)), request_id=str(number))
    for _ in range(CALLS):
        result, error = results.get(timeout=30)
        expect(error is None, f"expected no error, given {error}")
        expect_equal(result.as_numpy("y").tolist(), [int(result.get_response().id)], "y")


def many_threads(client):
    wrong = []

    def run(number):
        for turn in range(20):
            given = client.infer("echo.batch", [tensor("x", np.full((3, 2), number * 100 + turn, np.int32))]).as_numpy("y")
            if not (given == number * 100 + turn).all():
                wrong.append(given)

    threads = [threading.Thread(target=run, args=(number,)) for number in range(8)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    expect_equal(wrong, [], "wrong answers")


async def with_asyncio(address):
    async with triton_aio.InferenceServerClient(address) as client:
        results = await asyncio.gather(*(client.infer("echo", numbered(number)) for number in range(CALLS)))
    expect_equal([result.as_numpy("y").tolist() for result in results], [[n] for n in range(CALLS)], "y")


def streamed(address, requests):
    """Results and errors in the order they came."""
    answers = queue.Queue()
    with triton.InferenceServerClient(address) as client:
        client.start_stream(lambda result, error: answers.put((result, error)))
        for model, number in requests:
            client.async_stream_infer(model, numbered(number), request_id=str(number), enable_empty_final_response=True)
        return [answers.get(timeout=30) for _ in requests]


def stream(address):
    answers = streamed(address, [("echo", number) for number in range(CALLS)])
    for number, (result, error) in enumerate(answers):
        expect(error is None, f"expected no error, given {error}")
        response = result.get_response()
        expect_equal((response.id, result.as_numpy("y").tolist()), (str(number), [number]), "id and y")
        expect(response.parameters["triton_final_response"].bool_param, "expected the final response")


def stream_error(address):
    first, second, third = streamed(address, [("echo", 1), ("nothing", 2), ("echo", 3)])
    expect(first[1] is None and third[1] is None, "expected answers")
    expect("Request for unknown model: 'nothing'" in str(second[1]), f"given {second[1]}")


def stream_status(address):
    answers = queue.Queue()
    with triton.InferenceServerClient(address) as client:
        client.start_stream(lambda result, error: answers.put((result, error)), headers={"triton_grpc_error": "true"})
        for model, number in (("echo", 1), ("nothing", 2)):
            client.async_stream_infer(model, numbered(number), request_id=str(number))
        (result, _), (_, error) = answers.get(timeout=30), answers.get(timeout=30)
    expect_equal(result.as_numpy("y").tolist(), [1], "y")
    expect_equal(error.status(), "StatusCode.NOT_FOUND", "status")
    expect("Request for unknown model: 'nothing'" in error.message(), f"given {error}")


def long_stream(address):
    """What is kept of its requests would be looked at when it ends."""
    answers = queue.Queue()
    client = triton.InferenceServerClient(address)
    client.start_stream(lambda result, error: answers.put(error))
    for number in range(LONG_STREAM):
        client.async_stream_infer("echo.int32", numbered(number))
        if number >= 200:
            expect(answers.get(timeout=30) is None, "expected an answer")
    for _ in range(200):
        expect(answers.get(timeout=30) is None, "expected an answer")
    client.async_stream_infer("echo.wait", [tensor("x", np.array(30_000, np.int32))])
    client.stop_stream(cancel_requests=True)
    expect(client.is_server_live(), "expected a server")
    expect_equal(client.infer("echo", numbered(1)).as_numpy("y").tolist(), [1], "y")


async def asyncio_stream(address):
    async def requests():
        for number in range(20):
            yield {"model_name": "echo", "inputs": numbered(number), "request_id": str(number)}

    seen = []
    async with triton_aio.InferenceServerClient(address) as client:
        async for result, error in client.stream_infer(requests()):
            expect(error is None, f"expected no error, given {error}")
            seen.append(result.as_numpy("y").tolist())
    expect_equal(seen, [[number] for number in range(20)], "y")


def cancelled(client):
    answers = queue.Queue()
    call = client.async_infer("echo.wait", [tensor("x", np.array(30_000, np.int32))], lambda result, error: answers.put(error))
    call.cancel()
    error = answers.get(timeout=20)
    expect("CANCELLED" in str(error.status()), f"expected CANCELLED, given {error}")
