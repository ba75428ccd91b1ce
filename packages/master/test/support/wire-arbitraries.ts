/** Random PredictRequests in bytes: right ones, odd ones that proto3 still allows, and ones that were damaged. */
import { BinaryWriter, WireType } from '@bufbuild/protobuf/wire';
import fc from 'fast-check';

type Bytes = Uint8Array;

const join = (parts: readonly Bytes[]): Bytes => Buffer.concat(parts);

function field(number: number, contents: Bytes): Bytes {
  return new BinaryWriter().tag(number, WireType.LengthDelimited).bytes(contents).finish();
}

function varintField(number: number, value: bigint): Bytes {
  return new BinaryWriter().tag(number, WireType.Varint).int64(BigInt.asIntN(64, value)).finish();
}

export const inputNames = ['x', 'größe', '__proto__', ''] as const;

const utf8 = (text: string): Bytes => Buffer.from(text);
const fieldNumber = fc.integer({ min: 6, max: 40 });
/** What a schema of another release may have, groups of proto2 included, and known numbers with other wire types. */
const unknownField: fc.Arbitrary<Bytes> = fc.oneof(
  fc.tuple(fieldNumber, fc.uint8Array({ maxLength: 6 })).map(([number, bytes]) => field(number, bytes)),
  fc
    .tuple(fc.integer({ min: 9, max: 40 }), fc.bigInt({ min: 0n, max: 2n ** 64n - 1n }))
    .map(([number, value]) => varintField(number, value)),
  fieldNumber.map((number) => new BinaryWriter().tag(number, WireType.Bit32).fixed32(7).finish()),
  fieldNumber.map((number) => new BinaryWriter().tag(number, WireType.Bit64).fixed64(7).finish()),
  fieldNumber.map((number) =>
    new BinaryWriter()
      .tag(number, WireType.StartGroup)
      .raw(field(1, utf8('in a group')))
      .tag(number, WireType.EndGroup)
      .finish(),
  ),
  fc
    .integer({ min: 1, max: 5 })
    .map((number) => new BinaryWriter().tag(number, WireType.Bit32).fixed32(7).finish()),
);

/** Any order; now and then something unknown between. */
function message(...fields: fc.Arbitrary<readonly Bytes[]>[]): fc.Arbitrary<Bytes> {
  const unknown = fc.oneof(
    { weight: 4, arbitrary: fc.constant<Bytes[]>([]) },
    fc.array(unknownField, { maxLength: 2 }),
  );
  return fc
    .tuple(unknown, ...fields)
    .chain((all) => fc.shuffledSubarray(all.flat(), { minLength: all.flat().length }))
    .map(join);
}

/** Mostly one. */
function times(arbitrary: fc.Arbitrary<Bytes>, min = 0, max = 2): fc.Arbitrary<Bytes[]> {
  return fc.oneof(
    { weight: 5, arbitrary: arbitrary.map((bytes) => [bytes]) },
    fc.array(arbitrary, { minLength: min, maxLength: max }),
  );
}

const dimension = fc.oneof(
  { weight: 8, arbitrary: fc.bigInt({ min: 0n, max: 3n }) },
  fc.constantFrom(
    -1n,
    2n ** 31n,
    2n ** 32n,
    2n ** 53n - 1n,
    2n ** 53n,
    -(2n ** 53n),
    2n ** 63n - 1n,
    -(2n ** 63n),
  ),
);

function packed(dims: readonly bigint[]): Bytes {
  const writer = new BinaryWriter();
  for (const value of dims) writer.int64(value);
  return field(1, writer.finish());
}

const unpacked = (dims: readonly bigint[]): Bytes => join(dims.map((value) => varintField(1, value)));
const someDims = fc.oneof(
  { weight: 12, arbitrary: fc.array(dimension, { maxLength: 3 }) },
  fc.array(dimension, { minLength: 60, maxLength: 70 }),
);
const shape = message(
  fc.array(
    fc.tuple(someDims, fc.boolean()).map(([dims, isPacked]) => (isPacked ? packed : unpacked)(dims)),
    { maxLength: 2 },
  ),
);
const shmData = message(
  times(fc.constant(field(1, utf8('/dev/shm/x')))),
  fc.array(
    fc
      .tuple(fc.integer({ min: 2, max: 4 }), fc.bigInt({ min: 0n, max: 2n ** 64n - 1n }))
      .map(([number, value]) => varintField(number, value)),
  ),
);

const oddTensor = message(
  times(shape.map((contents) => field(1, contents))),
  times(fc.bigInt({ min: -1n, max: 16n }).map((dtype) => varintField(2, dtype))),
  times(fc.uint8Array({ maxLength: 9 }).map((data) => field(3, data))),
  fc.array(
    fc.uint8Array({ maxLength: 9 }).map((element) => field(4, element)),
    { maxLength: 2 },
  ),
  fc.oneof({ weight: 8, arbitrary: fc.constant([]) }, times(shmData.map((contents) => field(5, contents)))),
);
const rightTensor = fc
  .tuple(fc.constantFrom(2, 3), fc.integer({ min: 0, max: 3 }), fc.boolean(), fc.boolean())
  .chain(([dtype, size, isPacked, hasZeros]) => {
    const dims = [1n, BigInt(size)];
    const contents = [field(1, isPacked ? packed(dims) : unpacked(dims)), varintField(2, BigInt(dtype))];
    // No bytes at all are left out by some, and written by others.
    if (size > 0 || hasZeros) contents.push(field(3, new Uint8Array(size).fill(dtype)));
    return fc.shuffledSubarray(contents, { minLength: contents.length }).map(join);
  });
const textTensor = fc
  .tuple(fc.uint8Array({ maxLength: 4 }), fc.constantFrom<bigint[]>([], [1n]))
  .map(([element, dims]) => join([field(1, packed(dims)), varintField(2, 13n), field(4, element)]));
const tensor = fc.oneof({ weight: 4, arbitrary: rightTensor }, textTensor, oddTensor);

const name = fc.oneof(
  { weight: 6, arbitrary: fc.constantFrom<string>(...inputNames).map(utf8) },
  fc.constantFrom(utf8('y'), utf8('\ufeffx'), Buffer.of(0xff, 0x41)),
);
const rightItem = fc.tuple(name, tensor).map(([key, value]) => join([field(1, key), field(2, value)]));
const oddItem = message(
  times(name.map((key) => field(1, key))),
  times(tensor.map((value) => field(2, value))),
);
const item = fc.oneof({ weight: 6, arbitrary: rightItem }, oddItem);
const outputBuffer = message(
  times(name.map((key) => field(1, key))),
  times(shmData.map((contents) => field(2, contents))),
);
const instance = message(
  fc.array(
    item.map((contents) => field(1, contents)),
    { maxLength: 5 },
  ),
  fc.oneof(
    { weight: 8, arbitrary: fc.constant([]) },
    times(outputBuffer.map((contents) => field(2, contents))),
  ),
);
const spec = message(
  times(fc.constantFrom('add', 'größe', '').map((text) => field(1, utf8(text)))),
  times(fc.constantFrom('predict', 'm').map((text) => field(2, utf8(text)))),
  times(fc.constantFrom(0n, 1n, 2n ** 53n + 1n, 2n ** 64n - 1n).map((version) => varintField(3, version))),
);

export const anyRequest: fc.Arbitrary<Bytes> = message(
  times(spec.map((contents) => field(1, contents))),
  fc
    .tuple(fc.constantFrom(2, 2, 3), fc.array(instance, { maxLength: 5 }))
    .map(([number, contents]) => contents.map((one) => field(number, one))),
  fc.oneof(
    { weight: 6, arbitrary: fc.constant([]) },
    fc.array(
      instance.map((contents) => field(3, contents)),
      { maxLength: 2 },
    ),
  ),
);

/** Bits turned over, bytes cut out, put in and cut off: close enough to right ones to get far. */
export const damagedRequest: fc.Arbitrary<Bytes> = fc
  .record({
    request: anyRequest,
    flips: fc.array(fc.tuple(fc.nat(), fc.integer({ min: 1, max: 255 })), { maxLength: 3 }),
    cut: fc.tuple(fc.nat(), fc.nat(3)),
    put: fc.tuple(
      fc.nat(),
      fc.oneof(
        fc.uint8Array({ maxLength: 3 }),
        fc.constantFrom(Buffer.of(0), Buffer.of(0x0c), Buffer.alloc(11, 0xff)),
      ),
    ),
    length: fc.oneof(fc.constant(undefined), fc.nat()),
  })
  .map(({ request, flips, cut, put, length }) => {
    const bytes = Buffer.from(request);
    if (bytes.length > 0) for (const [at, mask] of flips) bytes[at % bytes.length]! ^= mask;
    const from = cut[0] % (bytes.length + 1);
    const shorter = Buffer.concat([bytes.subarray(0, from), bytes.subarray(from + cut[1])]);
    const at = put[0] % (shorter.length + 1);
    const whole = Buffer.concat([shorter.subarray(0, at), put[1], shorter.subarray(at)]);
    return length === undefined ? whole : whole.subarray(0, length % (whole.length + 1));
  });
