"""Calls over HTTP at the same time: by a pool of connections, and by asyncio."""

import asyncio

import numpy as np
import tritonclient.http as triton
import tritonclient.http.aio as triton_aio
from tritonclient.utils import InferenceServerException

from calls import output, tensor
from harness import expect, expect_equal

CALLS = 200


def add_concurrent_checks(checks, address):
    checks.run("asynchronous calls", asynchronous, address)
    checks.run("asyncio", lambda: asyncio.run(with_asyncio(address)))
    checks.run("asyncio, compressed", lambda: asyncio.run(compressed(address)))
    checks.run("asyncio asks for everything else, too", lambda: asyncio.run(everything_else(address)))


def numbered(number):
    return [tensor("x", np.array([number], np.int32), binary=number % 2 == 0)]


def asynchronous(address):
    # The client's pool belongs to the thread that made it.
    client = triton.InferenceServerClient(address, concurrency=20)
    calls = [client.async_infer("echo", numbered(number), request_id=str(number)) for number in range(CALLS)]
    for number, call in enumerate(calls):
        result = call.get_result(timeout=30)
        expect_equal((result.get_response()["id"], result.as_numpy("y").tolist()), (str(number), [number]), "id and y")
    client.close()


async def with_asyncio(address):
    async with triton_aio.InferenceServerClient(address) as client:
        results = await asyncio.gather(*(client.infer("echo", numbered(number)) for number in range(CALLS)))
    expect_equal([result.as_numpy("y").tolist() for result in results], [[n] for n in range(CALLS)], "y")


async def compressed(address):
    x = np.arange(6000, dtype=np.int64)
    async with triton_aio.InferenceServerClient(address) as client:
        for algorithm in ("gzip", "deflate"):
            for binary in (True, False):
                result = await client.infer(
                    "echo",
                    [tensor("x", x, binary=binary)],
                    outputs=[output(binary_data=binary)],
                    request_compression_algorithm=algorithm,
                    response_compression_algorithm=algorithm,
                )
                expect(np.array_equal(result.as_numpy("y"), x), f"{algorithm}: expected the same")


async def everything_else(address):
    async with triton_aio.InferenceServerClient(address) as client:
        expect(await client.is_server_live() and await client.is_server_ready() and await client.is_model_ready("echo"), "expected ready")
        expect_equal((await client.get_server_metadata())["name"], "serving", "name")
        expect_equal((await client.get_model_metadata("echo"))["name"], "echo", "name")
        expect_equal((await client.get_model_config("echo"))["max_batch_size"], 0, "max_batch_size")
        expect_equal((await client.get_inference_statistics("echo"))["model_stats"][0]["name"], "echo", "name")
        expect((await client.get_model_repository_index())[0]["state"] == "READY", "expected a model that is ready")
        try:
            await client.infer("nothing", numbered(1))
        except InferenceServerException as error:
            expect_equal((error.status(), "is not found" in error.message()), ("404", True), "error")
        else:
            raise AssertionError("expected an error")
