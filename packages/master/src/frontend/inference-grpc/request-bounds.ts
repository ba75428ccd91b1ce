/**
 * What a request may grow to when it is decoded. A number of one byte on the wire becomes one of eight, an empty item of
 * two bytes an object of a hundred: a message within its limit could take all memory. Raw contents stay as they are.
 */
import { BinaryReader, WireType } from '@bufbuild/protobuf/wire';
import { ServingError } from '@serving/common';

/** In units of a number's eight bytes: 256 MiB. */
const mostUnits = 2 ** 25;
/** A 64-bit integer is an object. */
const bigintUnits = 4;
const objectUnits = 32;

/** Fields of proto/inference/grpc_service.proto that have others inside. */
const inputField = 5;
const outputField = 6;
const contentsField = 5;
/** Fields of InferTensorContents, by number. */
const unitsOfElement = [0, 1, 1, bigintUnits, 1, bigintUnits, 1, 1, objectUnits];
const fixedWidth = [0, 0, 0, 0, 0, 0, 4, 8];

/** @throws ServingError BAD_REQUEST for more than may be decoded; an error of another kind for bytes that are no message */
export function checkBounds(message: Uint8Array): void {
  const reader = new BinaryReader(message);
  let units = 0;
  const spend = (more: number) => {
    units += more;
    if (units > mostUnits)
      throw new ServingError(
        'BAD_REQUEST',
        'the request has more parts, or more elements in contents, than are taken; expected large tensors in raw_input_contents',
      );
  };
  eachField(reader, message.length, (field, wireType) => {
    spend(objectUnits);
    if (wireType !== WireType.LengthDelimited || (field !== inputField && field !== outputField))
      return false;
    const length = reader.uint32();
    if (field === inputField) spendInput(reader, message, length, spend);
    else {
      // Its name and parameters.
      spend(length * bigintUnits);
      reader.pos += length;
    }
    return true;
  });
}

/** @param take reads the field and gives true, or false to have it passed over */
function eachField(
  reader: BinaryReader,
  end: number,
  take: (field: number, wireType: WireType) => boolean,
): void {
  while (reader.pos < end) {
    const [field, wireType] = reader.tag();
    if (!take(field, wireType)) reader.skip(wireType, field);
  }
}

function spendInput(
  reader: BinaryReader,
  message: Uint8Array,
  length: number,
  spend: (units: number) => void,
): void {
  eachField(reader, reader.pos + length, (field, wireType) => {
    spend(objectUnits);
    if (wireType !== WireType.LengthDelimited) return false;
    const bytes = reader.uint32();
    if (field === contentsField) spendContents(reader, message, bytes, spend);
    else {
      // A shape, a name or a parameter.
      spend(bytes * bigintUnits);
      reader.pos += bytes;
    }
    return true;
  });
}

function spendContents(
  reader: BinaryReader,
  message: Uint8Array,
  length: number,
  spend: (units: number) => void,
): void {
  eachField(reader, reader.pos + length, (field, wireType) => {
    const each = unitsOfElement[field] ?? objectUnits;
    if (wireType !== WireType.LengthDelimited || each === objectUnits) {
      // Numbers that are not packed take as long to read as objects.
      spend(objectUnits);
      return false;
    }
    const bytes = reader.uint32();
    const width = fixedWidth[field] ?? 0;
    spend(each * (width > 0 ? Math.ceil(bytes / width) : varints(message, reader.pos, bytes)));
    reader.pos += bytes;
    return true;
  });
}

function varints(message: Uint8Array, from: number, bytes: number): number {
  let count = 0;
  const end = Math.min(from + bytes, message.length);
  for (let i = from; i < end; i++) if (message[i]! < 0x80) count++;
  return count;
}
