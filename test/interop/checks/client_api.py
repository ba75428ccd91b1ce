"""What a program sees through a client's `Client` class when it calls the servable `add`.

`add_common` adds two float32 [2, 2] arrays; `add_cast` first casts whatever numbers it gets to float32.
"""

import threading

import grpc
import numpy as np

from harness import expect, expect_equal
from predict_wire import NUMERIC

MIB = 1024 * 1024
WRONG_DTYPE = "Given model input {} data type kMSI_{} not match the data type kMSI_Float32 defined in model"
WRONG_SIZE = "Given model input 0 size {} not match the size 16 defined in model"


def array(start, dtype=np.float32):
    return (np.arange(4).reshape(2, 2) + start).astype(dtype)


def good(start=0):
    return {"x1": array(start), "x2": array(10 * start + 1)}


def wrong_dtype(dtype=np.int32):
    return {"x1": array(1, dtype), "x2": array(1)}


def expect_sum(result, instance):
    expect(isinstance(result, dict) and list(result) == ["y"], f"expected one output y, given {result!r}")
    expected = instance["x1"].astype(np.float32) + instance["x2"].astype(np.float32)
    y = result["y"]
    expect_equal((y.dtype, y.shape), (np.dtype(np.float32), (2, 2)), "dtype and shape of y")
    expect(np.array_equal(y, expected), f"expected {expected.tolist()}, given {y.tolist()}")


def expect_sums(results, instances):
    expect(isinstance(results, list), f"expected a list of results, given {results!r}")
    expect_equal(len(results), len(instances), "number of results")
    for result, instance in zip(results, instances):
        expect_sum(result, instance)


def expect_error(result, text=""):
    """The application's errors come in a good gRPC reply."""
    error = error_text(result)
    expect(error and not error.startswith("Grpc Error"), f"expected an error text of the server's own, given {error!r}")
    expect(text in error, f"expected an error with {text!r}, given {error!r}")


def expect_grpc_error(result, status):
    error = error_text(result)
    expect(error.startswith(f"Grpc Error, {status}"), f"expected gRPC error {status}, given {error!r}")


def error_text(result):
    expect(isinstance(result, dict) and list(result) == ["error"], f"expected an error dict, given {result!r}")
    return result["error"]


# One instance, several, all good


def one_dict(target):
    expect_sums(target.client().infer(good()), [good()])


def a_list(target):
    instances = [good(1), good(2), good(3)]
    expect_sums(target.client().infer(instances), instances)


def a_tuple(target):
    instances = (good(4), good(5))
    expect_sums(target.client().infer(instances), instances)


def many_instances(target, count):
    instances = [good(start) for start in range(count)]
    expect_sums(target.client().infer(instances), instances)


def asynchronous(target):
    client = target.client()
    instances = [good(start) for start in range(20)]
    futures = [client.infer_async(instance) for instance in instances]
    for future, instance in zip(futures, instances):
        expect_sums(future.result(), [instance])


def concurrently(target, threads=8, requests=50):
    problems = []

    def caller(thread):
        try:
            client = target.client()
            for number in range(requests):
                instances = [good(1000 * thread + number), good(1000 * thread + number + 0.5)]
                expect_sums(client.infer(instances), instances)
        except Exception as error:
            problems.append(f"thread {thread}: {error}")

    callers = [threading.Thread(target=caller, args=(number,), daemon=True) for number in range(threads)]
    for each in callers:
        each.start()
    for each in callers:
        each.join()
    expect(not problems, "\n".join(problems))


# Values


def cast(target, x1_dtype, x2_dtype):
    instance = {"x1": array(1, x1_dtype), "x2": array(2, x2_dtype)}
    expect_sums(target.client("add_cast").infer(instance), [instance])


def special_floats(target):
    x1 = np.array([[np.nan, np.inf], [-0.0, np.finfo(np.float32).tiny / 4]], np.float32)
    [result] = target.client().infer({"x1": x1, "x2": np.array([[0, 0], [-0.0, 0]], np.float32)})
    y = result["y"]
    expect(np.isnan(y[0, 0]), f"expected NaN, given {y[0, 0]}")
    # compared as bytes: -0.0 == 0.0, and a denormal may not be flushed to zero
    expect_equal(y.tobytes()[4:], x1.tobytes()[4:], "infinity, negative zero and a denormal, as bytes")


def transposed(target):
    instance = {"x1": array(1).T, "x2": np.asfortranarray(array(2))}
    expect_sums(target.client().infer(instance), [instance])


def extra_inputs(target):
    extra = {"x3": array(9), "note": "ignore me", "image": b"\x00\xff", "number": 3}
    expect_sums(target.client().infer({**good(1), **extra}), [good(1)])


# Versions and names


def version(target, number):
    expect_sums(target.client(version=number).infer(good()), [good()])


def unknown(target, servable, method, number, text):
    expect_error(target.client(method, servable, number).infer([good(), good()]), f"Request {text}")


# Failing instances


def second_fails(target):
    first, second = target.client().infer([good(), wrong_dtype()])
    expect_sum(first, good())
    expect_error(second, WRONG_DTYPE.format(0, "Int32"))


def first_and_third_fail(target):
    results = target.client().infer([wrong_dtype(), good(1), {"x1": array(1), "x2": array(1, np.float64)}, good(2)])
    expect_error(results[0], WRONG_DTYPE.format(0, "Int32"))
    expect_sum(results[1], good(1))
    expect_error(results[2], WRONG_DTYPE.format(1, "Float64"))
    expect_sum(results[3], good(2))


def all_fail_alike(target, count):
    expect_error(target.client().infer([wrong_dtype()] * count), WRONG_DTYPE.format(0, "Int32"))


def all_fail_differently(target):
    results = target.client().infer([wrong_dtype(np.int32), wrong_dtype(np.int64)])
    expect(isinstance(results, list) and len(results) == 2, f"expected two results, given {results!r}")
    expect_error(results[0], WRONG_DTYPE.format(0, "Int32"))
    expect_error(results[1], WRONG_DTYPE.format(0, "Int64"))


def missing_input(target):
    text = "Cannot find input x2 in instance input , servable add, method add_common"
    expect_error(target.client().infer({"x1": array(1)}), text)


def missing_input_of_one(target):
    first, second, third = target.client().infer([good(1), {"x2": array(1)}, good(2)])
    expect_sum(first, good(1))
    expect_error(second, "Cannot find input x1 in instance input")
    expect_sum(third, good(2))


def no_input_at_all(target):
    expect_error(target.client().infer({}), "Cannot find input x1 in instance input")


def wrong_size(target):
    instance = {"x1": np.ones((3, 2), np.float32), "x2": array(1)}
    expect_error(target.client().infer(instance), WRONG_SIZE.format(24))


def wrong_shape(target):
    expect_error(target.client().infer({"x1": np.ones((4,), np.float32), "x2": array(1)}))


def scalars(target):
    expect_error(target.client("add_cast").infer({"x1": 1, "x2": 2.5}))


def strings(target, method, value):
    expect_error(target.client(method).infer({"x1": value, "x2": array(1)}))


def no_instances(target, empty):
    expect_error(target.client().infer(empty))


# Asynchronous failures


def asynchronous_failures(target):
    client = target.client()
    partly, wholly = client.infer_async([good(), wrong_dtype()]), client.infer_async(wrong_dtype())
    first, second = partly.result()
    expect_sum(first, good())
    expect_error(second, WRONG_DTYPE.format(0, "Int32"))
    expect_error(wholly.result(), WRONG_DTYPE.format(0, "Int32"))


def too_big_asynchronously(target):
    future = target.client().infer_async(oversized(101))
    try:
        result = future.result()
    except grpc.RpcError as error:
        expect_equal(error.code(), grpc.StatusCode.RESOURCE_EXHAUSTED, "status code")
    else:
        raise AssertionError(f"expected a gRPC error to be raised, given {result!r}")


# Message sizes: the server takes 100 MiB unless told otherwise


def oversized(mebibytes):
    return {"x1": np.zeros(mebibytes * MIB // 4, np.float32), "x2": array(1)}


def too_big(target):
    client = target.client()
    expect_grpc_error(client.infer(oversized(101)), "(8, 'resource exhausted')")
    expect_sums(client.infer(good()), [good()])


def just_small_enough(target):
    expect_error(target.client().infer(oversized(99)), WRONG_SIZE.format(99 * MIB))


# What is asked for, and the text after "Request ", odd spaces included
NOT_AVAILABLE = [
    ("servable", "nope", "add_cast", 0, "servable(nope) method(add_cast) , servable is not available"),
    ("version of it", "nope", "add_cast", 3, "servable(nope) method(add_cast)  version(3) , servable is not available"),
    ("version", "add", "add_cast", 999, "servable(add) method(add_cast)  version(999) , servable is not available"),
    ("method", "add", "nope", 0, "servable(add) method(nope) , method is not available"),
    ("servable, not in ASCII", "加法", "add", 0, "servable(加法) method(add) , servable is not available"),
]


def add_client_checks(checks, target):
    def check(title, function, *arguments):
        checks.run(title, function, target, *arguments)

    check("infer of one dict", one_dict)
    check("infer of a list", a_list)
    check("infer of a tuple", a_tuple)
    check("100 instances in one request, in order", many_instances, 100)
    check("1000 instances in one request, in order", many_instances, 1000)
    check("8 threads with 50 requests each", concurrently)
    for dtype in NUMERIC:
        check(f"add_cast with {dtype}", cast, dtype, dtype)
    check("add_cast with int8 and float64", cast, np.int8, np.float64)
    check("NaN, infinity, negative zero and a denormal survive", special_floats)
    check("arrays that are not contiguous", transposed)
    check("inputs that the method does not have are ignored", extra_inputs)
    check("version_number=0", version, 0)
    check("version_number=1", version, 1)
    for title, *names in NOT_AVAILABLE:
        check(f"unknown {title}", unknown, *names)
    add_failure_checks(check)
    if hasattr(target.client(), "infer_async"):
        check("infer_async, 20 at once", asynchronous)
        check("infer_async, partly and wholly failing", asynchronous_failures)
        check("infer_async of a message above 100 MiB raises RESOURCE_EXHAUSTED", too_big_asynchronously)
    check("everything still works after that", a_list)


def add_failure_checks(check):
    check("the second of two instances fails: its error is in place", second_fails)
    check("the first and third of four instances fail", first_and_third_fail)
    check("the only instance fails: one error dict", all_fail_alike, 1)
    check("all instances fail alike: one error dict", all_fail_alike, 3)
    check("all instances fail, each for a reason of its own: a list", all_fail_differently)
    check("missing input", missing_input)
    check("missing input of one of three instances", missing_input_of_one)
    check("an instance without any input", no_input_at_all)
    check("an array of the wrong size", wrong_size)
    check("an array of the right size and the wrong shape", wrong_shape)
    check("Python scalars where arrays belong", scalars)
    check("a string where an array belongs", strings, "add_common", "one")
    check("bytes where an array belongs", strings, "add_common", b"\x00" * 16)
    check("a string for a stage that casts", strings, "add_cast", "one")
    check("no instances, as a list", no_instances, [])
    check("no instances, as a tuple", no_instances, ())
    check("a message of 99 MiB is read", just_small_enough)
    check("a message of 101 MiB: resource exhausted, and the connection goes on", too_big)
