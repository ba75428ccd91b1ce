"""The server's own schema, by reflection, against the client's: names, numbers and types."""

import grpc
from google.protobuf import descriptor_pb2
from tritonclient.grpc import model_config_pb2, service_pb2

from harness import expect, expect_equal


def add_schema_checks(checks, address):
    channel = grpc.insecure_channel(address)
    checks.run("reflection lists the service", listed, channel)
    for name, module in (("inference.ModelConfig", model_config_pb2), ("inference.GRPCInferenceService", service_pb2)):
        checks.run(f"the schema of {name}", same_schema, channel, name, module)
    checks.run("health of the server and of models", health, channel)


def varint(value):
    return bytes([value]) if value < 128 else bytes([value & 127 | 128]) + varint(value >> 7)


def field(number, data):
    return varint(number << 3 | 2) + varint(len(data)) + data


def fields(data):
    """Number and bytes of the fields that have a length; the others are of no interest here."""
    at = 0

    def number():
        nonlocal at
        value = shift = 0
        while True:
            byte = data[at]
            at += 1
            value |= (byte & 127) << shift
            shift += 7
            if byte < 128:
                return value

    while at < len(data):
        tag = number()
        if tag & 7 == 0:
            yield tag >> 3, number()
            continue
        length = number()
        yield tag >> 3, data[at : at + length]
        at += length


def reflect(channel, request):
    """There is no package of reflection here, and its messages are small."""
    call = channel.stream_stream("/grpc.reflection.v1.ServerReflection/ServerReflectionInfo", bytes, bytes)
    [response] = list(call(iter([request]), timeout=20))
    return dict(fields(response))


def listed(channel):
    services = [dict(fields(service))[1].decode() for number, service in fields(reflect(channel, field(7, b""))[6]) if number == 1]
    for service in ("inference.GRPCInferenceService", "mindspore.serving.proto.MSService", "grpc.health.v1.Health"):
        expect(service in services, f"expected {service}, given {services}")


def same_schema(channel, name, module):
    encoded = next(data for number, data in fields(reflect(channel, field(4, name.encode()))[4]) if number == 1)
    ours = described(descriptor_pb2.FileDescriptorProto.FromString(encoded))
    theirs = descriptor_pb2.FileDescriptorProto()
    module.DESCRIPTOR.CopyToProto(theirs)
    expect_equal(sorted(described(theirs) - ours), [], "what the client has and the server has not")


def described(file):
    lines = set()

    def message(scope, one):
        name = f"{scope}.{one.name}"
        for each in one.field:
            lines.add(f"{name}.{each.name} = {each.number} {each.type} {each.label} {each.type_name}")
        for each in one.nested_type:
            message(name, each)
        for each in one.enum_type:
            enum(name, each)

    def enum(scope, one):
        for each in one.value:
            lines.add(f"{scope}.{one.name}.{each.name} = {each.number}")

    for each in file.message_type:
        message("", each)
    for each in file.enum_type:
        enum("", each)
    for service in file.service:
        for method in service.method:
            lines.add(f"{service.name}.{method.name} {method.input_type} {method.output_type} {method.client_streaming} {method.server_streaming}")
    return lines


def health(channel):
    check = channel.unary_unary("/grpc.health.v1.Health/Check", bytes, bytes)
    for service in ("", "inference.GRPCInferenceService", "add", "add.add_common", "echo"):
        status = dict(fields(check(field(1, service.encode()), timeout=20)))[1]
        expect_equal(status, 1, f"status of {service!r}")
