"""The protobuf wire format, written by hand: no generated code, so it can disagree with one."""

VARINT, FIXED64, BYTES, FIXED32 = 0, 1, 2, 5


def varint(number):
    """A negative number is its 64-bit two's complement, as int64 fields want it."""
    number &= 0xFFFF_FFFF_FFFF_FFFF
    encoded = bytearray()
    while number > 0x7F:
        encoded.append(number & 0x7F | 0x80)
        number >>= 7
    encoded.append(number)
    return bytes(encoded)


def number_field(field, number):
    return varint(field << 3 | VARINT) + varint(number)


def bytes_field(field, value):
    """Strings, bytes, nested messages and packed numbers all look like this."""
    if isinstance(value, str):
        value = value.encode()
    return b"".join((varint(field << 3 | BYTES), varint(len(value)), value))


def read_varint(data, offset):
    number = shift = 0
    while True:
        byte = data[offset]
        number |= (byte & 0x7F) << shift
        offset, shift = offset + 1, shift + 7
        if byte < 0x80:
            return number, offset


def read_fields(data):
    """Yields (field number, value) in wire order: an int for numbers, bytes for everything with a length."""
    offset = 0
    while offset < len(data):
        key, offset = read_varint(data, offset)
        wire_type = key & 7
        if wire_type == VARINT:
            value, offset = read_varint(data, offset)
        else:
            if wire_type == BYTES:
                size, offset = read_varint(data, offset)
            else:
                size = {FIXED64: 8, FIXED32: 4}[wire_type]
            value = bytes(data[offset : offset + size])
            if len(value) != size:
                raise ValueError(f"field {key >> 3} ends after {len(value)} of {size} bytes")
            offset += size
        yield key >> 3, value


def read_numbers(values):
    """A repeated number field: every value is one number, or the bytes of a packed run of them."""
    numbers = []
    for value in values:
        if isinstance(value, int):
            numbers.append(value)
            continue
        offset = 0
        while offset < len(value):
            number, offset = read_varint(value, offset)
            numbers.append(number)
    return numbers
