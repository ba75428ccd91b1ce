"""Messages that the `Client` class cannot send, written byte by byte and sent over plain gRPC."""

import time

import grpc
import numpy as np

import predict_wire as wire
from harness import expect, expect_equal
from protobuf_wire import bytes_field, number_field

MIB = 1024 * 1024
MAX_MESSAGE = 512 * MIB
INVALID_INPUTS = 2
SERVABLE_UNAVAILABLE = 5
DEADLINE = 30

ONES = np.ones((2, 2), np.float32)
GOOD = {"x1": ONES, "x2": ONES}


class RawMessages:
    def __init__(self, address, instances_field):
        limits = [("grpc.max_send_message_length", MAX_MESSAGE), ("grpc.max_receive_message_length", MAX_MESSAGE)]
        self.channel = grpc.insecure_channel(address, options=limits)
        self.instances_field = instances_field

    def request(self, *instances, servable="add", method="add_common", version=0):
        spec = wire.servable_spec(servable, method, version)
        return wire.request(spec, instances, self.instances_field)

    def send(self, message, path=wire.PREDICT, **options):
        return self.channel.unary_unary(path)(message, timeout=DEADLINE, **options)

    def predict(self, message, **options):
        return wire.decode_reply(self.send(message, **options))

    def status_of(self, message, **options):
        try:
            reply = self.send(message, **options)
        except grpc.RpcError as error:
            return error.code()
        raise AssertionError(f"expected a gRPC error, given the reply {reply[:200]!r}")


def expect_good(reply, count=1):
    expect_equal((reply.errors, len(reply.instances)), ([], count), "errors and number of instances")
    for item in reply.instances:
        expect(list(item) == ["y"] and np.array_equal(item["y"], ONES * 2), f"expected y = 2, given {item!r}")


def expect_one_error(reply, text="", code=None):
    """One error for the whole request comes without instances: that is how clients tell it from a list of one."""
    expect_equal((len(reply.errors), reply.instances), (1, []), "number of errors, and instances")
    [error] = reply.errors
    expect(error.code != 0 and error.text, f"expected a code and a text, given {error}")
    expect(text in error.text, f"expected an error with {text!r}, given {error.text!r}")
    if code is not None:
        expect_equal(error.code, code, f"code of {error.text!r}")


def good_reply(raw):
    reply = raw.predict(raw.request(wire.instance(GOOD), wire.instance(GOOD)))
    expect_good(reply, 2)
    expect_equal((reply.servable, reply.method, reply.version), ("add", "add_common", 0), "servable_spec, as sent")
    expect_equal(reply.unexpected_fields, [], "fields that no client knows")


def version_is_echoed(raw):
    reply = raw.predict(raw.request(wire.instance(GOOD), version=1))
    expect_good(reply)
    expect_equal(reply.version, 1, "version_number")


def partial_failure(raw):
    bad = wire.instance({"x1": ONES.astype(np.int32), "x2": ONES})
    reply = raw.predict(raw.request(wire.instance(GOOD), bad))
    expect_equal([error.code for error in reply.errors], [0, INVALID_INPUTS], "codes")
    expect_equal(reply.errors[0].text, "", "text of the instance that is good")
    expect_equal([list(item) for item in reply.instances], [["y"], []], "outputs of each instance")


def unknown_names(raw):
    good = wire.instance(GOOD)
    for names in ({"servable": "nope"}, {"method": "nope"}, {"version": 999}):
        reply = settled(raw, raw.request(good, **names))
        expect_one_error(reply, "is not available", INVALID_INPUTS)


def settled(raw, request):
    """For a lease, a master that was just started takes an unknown servable for one whose worker is on its way."""
    until = time.monotonic() + 20
    while True:
        reply = raw.predict(request)
        if reply.errors[0].code != SERVABLE_UNAVAILABLE or time.monotonic() > until:
            return reply
        time.sleep(0.1)


def huge_version(raw, number):
    """version_number was an int64 up to 1.2 and is a uint64 since: above 2^63 the same bytes are a negative one."""
    reply = raw.predict(raw.request(wire.instance(GOOD), version=number))
    expect_one_error(reply, "servable is not available", INVALID_INPUTS)


def no_instances(raw):
    expect_one_error(raw.predict(raw.request()))


def empty_message(raw):
    expect_one_error(raw.predict(b""))


def bad_encoding(raw, tensor, detail):
    item = wire.raw_instance({"x1": tensor, "x2": wire.tensor(ONES)})
    reply = raw.predict(raw.request(item))
    expect_one_error(reply, f"Instances input x1 check failed, detail: {detail}", INVALID_INPUTS)
    expect_good(raw.predict(raw.request(wire.instance(GOOD))))


def shared_memory(raw):
    key_and_sizes = bytes_field(1, "interop") + number_field(2, 16) + number_field(4, 16)
    tensor = wire.shape([2, 2]) + number_field(2, wire.DTYPE_NUMBERS["float32"]) + bytes_field(5, key_and_sizes)
    item = wire.raw_instance({"x1": tensor, "x2": wire.tensor(ONES)})
    expect_one_error(raw.predict(raw.request(item)))


def unknown_fields(raw):
    tensor = wire.tensor(ONES) + number_field(99, 7)
    item = wire.raw_instance({"x1": tensor, "x2": tensor}) + bytes_field(98, "later")
    expect_good(raw.predict(raw.request(item) + bytes_field(97, "later")))


def unpacked_dims(raw):
    """Readers have to take a repeated number field packed or not."""
    dims = bytes_field(1, number_field(1, 2) + number_field(1, 2))
    tensor = dims + number_field(2, wire.DTYPE_NUMBERS["float32"]) + bytes_field(3, ONES.tobytes())
    expect_good(raw.predict(raw.request(wire.raw_instance({"x1": tensor, "x2": tensor}))))


def compressed(raw):
    expect_good(raw.predict(raw.request(wire.instance(GOOD)), compression=grpc.Compression.Gzip))


def not_a_message(raw):
    raw.status_of(b"\xff" * 100)
    expect_good(raw.predict(raw.request(wire.instance(GOOD))))


def unknown_rpc(raw):
    status = raw.status_of(b"", path="/mindspore.serving.proto.MSService/Nope")
    expect_equal(status, grpc.StatusCode.UNIMPLEMENTED, "status code")


def exact_limit(raw):
    """The limit is on the message, so an input that is ignored can fill it up to the byte."""
    limit = 100 * MIB
    expect_good(raw.predict(padded_request(raw, limit)))
    expect_equal(raw.status_of(padded_request(raw, limit + 1)), grpc.StatusCode.RESOURCE_EXHAUSTED, "status code")


def padded_request(raw, size):
    bare = raw.request(wire.instance(GOOD))
    # An unknown field's key and length, in front of its value, are 2 and 4 bytes for sizes like these.
    padding = size - len(bare) - 6
    message = bare + bytes_field(99, bytes(padding))
    expect_equal(len(message), size, "size of the padded request")
    return message


def same_as_generated(raw, client):
    """The hand-written encoder against this client's generated code, so that neither is trusted alone."""
    values = {**GOOD, "text": "é", "data": b"\x00\xff", "whole": -3, "real": 2.5, "flag": True}
    theirs = client._create_request([values, GOOD])
    ours = raw.request(wire.instance(values), wire.instance(GOOD))
    expect_equal(type(theirs).FromString(ours), theirs, "the request that the client makes")
    expect_equal(len(ours), theirs.ByteSize(), "its size")


TWO_BY_TWO = wire.shape([2, 2])
FLOAT32 = wire.DTYPE_NUMBERS["float32"]
TENSOR = "Tensor check failed: "
STRINGS = "Instance tensor check failed: bytes or string type shape batch size can only be 1"
BAD_ENCODINGS = [
    ("too few bytes", wire.numeric_tensor([2, 2], FLOAT32, bytes(3)), TENSOR + "input data size 3 invalid"),
    ("too many bytes", wire.numeric_tensor([2, 2], FLOAT32, bytes(17)), TENSOR + "input data size 17 invalid"),
    ("no data", TWO_BY_TWO + number_field(2, FLOAT32), TENSOR + "input data size 0 invalid"),
    ("a negative dim", wire.numeric_tensor([-2, -2], FLOAT32, bytes(16)), TENSOR + "input  shape"),
    ("a zero before its last dim", wire.numeric_tensor([0, 2], FLOAT32, b""), TENSOR + "input  shape"),
    ("a huge shape", wire.numeric_tensor([2**62, 2**62], FLOAT32, bytes(16)), TENSOR + "input  shape"),
    ("an unknown dtype", wire.numeric_tensor([2, 2], 99, bytes(16)), TENSOR + "input data type"),
    ("no dtype", wire.numeric_tensor([2, 2], 0, bytes(16)), TENSOR + "input data type"),
    ("two strings", wire.bytes_tensor(wire.STRING, "a", "b"), STRINGS),
]


def add_raw_checks(checks, target, instances_field):
    raw = RawMessages(target.address, instances_field)

    def check(title, function, *arguments):
        checks.run(f"raw: {title}", function, raw, *arguments)

    if hasattr(target.client(), "_create_request"):
        check("hand-written messages equal the client's own", same_as_generated, target.client())
    check("a good reply echoes servable_spec and has no errors", good_reply)
    check("a reply echoes the version asked for", version_is_echoed)
    check("a partial failure has an error entry for every instance", partial_failure)
    check("unknown servable, method and version: one error of code 2", unknown_names)
    check("version_number 2^53 + 1", huge_version, 2**53 + 1)
    check("version_number 2^64 - 1, or -1 as int64", huge_version, -1)
    check("no instances: an error reply", no_instances)
    check("an empty message: an error reply", empty_message)
    for title, tensor, detail in BAD_ENCODINGS:
        check(f"tensor with {title}", bad_encoding, tensor, detail)
    check("a tensor in shared memory is refused", shared_memory)
    check("unknown fields are ignored", unknown_fields)
    check("dims that are not packed", unpacked_dims)
    check("a gzip-compressed request", compressed)
    check("bytes that are not a message: a gRPC error, and the connection goes on", not_a_message)
    check("an unknown rpc: unimplemented", unknown_rpc)
    check("a message of exactly 100 MiB is read, one byte more is refused", exact_limit)
