"""PredictRequest and PredictReply of MSService, on top of the hand-written wire format.

The request's `instances` are field 3 for releases up to 1.2 and field 2 from 1.3 on; everything else is the same.
"""

from collections import defaultdict
from dataclasses import dataclass

import numpy as np

from protobuf_wire import bytes_field, number_field, read_fields, read_numbers, varint

PREDICT = "/mindspore.serving.proto.MSService/Predict"

NUMERIC = "bool int8 uint8 int16 uint16 int32 uint32 int64 uint64 float16 float32 float64".split()
DTYPE_NAMES = dict(enumerate(NUMERIC, start=1))
DTYPE_NUMBERS = {name: number for number, name in DTYPE_NAMES.items()}
STRING, BYTES = 13, 14


@dataclass
class ErrorMsg:
    code: int
    text: str


@dataclass
class PredictReply:
    servable: str
    method: str
    version: int
    instances: list
    errors: list
    unexpected_fields: list


def shape(dims):
    return bytes_field(1, bytes_field(1, b"".join(varint(dim) for dim in dims)) if dims else b"")


def numeric_tensor(dims, dtype, data):
    return shape(dims) + number_field(2, dtype) + bytes_field(3, data)


def bytes_tensor(dtype, *values):
    return shape([len(values)]) + number_field(2, dtype) + b"".join(bytes_field(4, value) for value in values)


def tensor(value):
    """What the Python clients make of a value: Python scalars are arrays of one element."""
    if isinstance(value, str):
        return bytes_tensor(STRING, value)
    if isinstance(value, bytes):
        return bytes_tensor(BYTES, value)
    if isinstance(value, (bool, int, float)):
        value = np.array([value])
    return numeric_tensor(value.shape, DTYPE_NUMBERS[value.dtype.name], value.tobytes())


def raw_instance(tensors):
    """An instance of already encoded tensors; a map is a repeated message of key 1 and value 2."""
    return b"".join(bytes_field(1, bytes_field(1, name) + bytes_field(2, data)) for name, data in tensors.items())


def instance(values):
    return raw_instance({name: tensor(value) for name, value in values.items()})


def servable_spec(servable, method, version=0):
    # proto3 leaves zeros and empty strings out
    number = number_field(3, version) if version else b""
    return bytes_field(1, servable) + bytes_field(2, method) + number


def request(spec, encoded_instances, instances_field):
    return bytes_field(1, spec) + b"".join(bytes_field(instances_field, item) for item in encoded_instances)


def grouped(data):
    fields = defaultdict(list)
    for number, value in read_fields(data):
        fields[number].append(value)
    return fields


def last(values, default):
    return values[-1] if values else default


def decode_tensor(data):
    fields = grouped(data)
    dims = read_numbers(grouped(last(fields[1], b""))[1])
    dtype = last(fields[2], 0)
    if dtype == STRING:
        return last(fields[4], b"").decode()
    if dtype == BYTES:
        return last(fields[4], b"")
    return np.frombuffer(last(fields[3], b""), DTYPE_NAMES[dtype]).reshape(dims)


def decode_instance(data):
    items = [grouped(entry) for entry in grouped(data)[1]]
    return {last(entry[1], b"").decode(): decode_tensor(last(entry[2], b"")) for entry in items}


def decode_error(data):
    fields = grouped(data)
    return ErrorMsg(last(fields[1], 0), last(fields[2], b"").decode())


def decode_reply(data):
    fields = grouped(data)
    spec = grouped(last(fields[1], b""))
    return PredictReply(
        servable=last(spec[1], b"").decode(),
        method=last(spec[2], b"").decode(),
        version=last(spec[3], 0),
        instances=[decode_instance(item) for item in fields[3]],
        errors=[decode_error(item) for item in fields[4]],
        unexpected_fields=sorted(set(fields) - {1, 3, 4}),
    )
