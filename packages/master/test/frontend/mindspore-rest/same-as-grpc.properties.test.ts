/** Random requests: over REST they come to what the same tensors come to over gRPC, and random bytes to an answer. */
import { afterAll, beforeAll, expect, test } from '@jest/globals';
import { mindspore, type Port } from '@serving/common';
import fc from 'fast-check';
import { RawClient } from '../../support/grpc-client.js';
import { startRest, type RestFrontend } from '../../support/rest-frontend.js';
import { readReply, wireInstance, wireRequest, wireTensor, wireText } from '../../support/wire.js';

const inputs: readonly Port[] = [{ name: 'x' }, { name: 'größe', dtype: 'int64' }, { name: '__proto__' }];

let rest: RestFrontend;
let grpc: RawClient;
beforeAll(async () => {
  rest = await startRest({ inputs, master: { limits: { maxBatchSize: 3, minShare: 1 } } });
  grpc = new RawClient(await rest.master.listenGrpc('127.0.0.1:0', 2 ** 20));
});
afterAll(async () => {
  grpc.close();
  await rest.stop();
});

/** A value in JSON, and the tensor that it stands for. */
interface Twin {
  readonly json: string;
  readonly tensor: mindspore.Tensor;
}

function nested(shape: readonly number[], leaves: readonly string[]): string {
  if (shape.length === 0) return leaves[0]!;
  const [size, ...inner] = shape as [number, ...number[]];
  const each = leaves.length / size;
  return `[${Array.from({ length: size }, (_, i) => nested(inner, leaves.slice(i * each, (i + 1) * each))).join()}]`;
}

const shapes = fc.array(fc.integer({ min: 1, max: 3 }), { maxLength: 3 });

function tensors<T>(
  element: fc.Arbitrary<T>,
  dtype: mindspore.DataType,
  write: (value: T) => string,
  pack: (values: readonly T[]) => ArrayBufferView,
): fc.Arbitrary<Twin> {
  return shapes.chain((shape) => {
    const count = shape.reduce((product, size) => product * size, 1);
    return fc.array(element, { minLength: count, maxLength: count }).map((values) => {
      const { buffer } = pack(values);
      return {
        json: nested(shape, values.map(write)),
        tensor: wireTensor(dtype, shape, new Uint8Array(buffer)),
      };
    });
  });
}

const { MS_BOOL, MS_BYTES, MS_FLOAT32, MS_INT32, MS_INT64, MS_UINT16 } = mindspore.DataType;
const int64s = tensors(fc.bigInt(-(2n ** 63n), 2n ** 63n - 1n), MS_INT64, String, (values) =>
  BigInt64Array.from(values),
);
const texts: fc.Arbitrary<Twin> = fc
  .string({ unit: 'grapheme', maxLength: 8 })
  .map((text) => ({ json: JSON.stringify(text), tensor: wireText(text) }));
const blobs: fc.Arbitrary<Twin> = fc.uint8Array({ maxLength: 9 }).map((bytes) => ({
  json: `{"b64":"${Buffer.from(bytes).toString('base64')}"}`,
  tensor: { ...wireText(''), dtype: MS_BYTES, bytesVal: [bytes] },
}));
const encoded: fc.Arbitrary<Twin> = fc.uint8Array({ minLength: 0, maxLength: 8 }).map((bytes) => {
  // As many bytes as the shape says, or one too few: that is an error of either protocol.
  const size = Math.ceil(bytes.length / 2);
  return {
    json: `{"type":"uint16","shape":[${size}],"b64":"${Buffer.from(bytes).toString('base64')}"}`,
    tensor: wireTensor(MS_UINT16, [size], bytes),
  };
});
const openValue = fc.oneof(
  tensors(fc.integer(), MS_INT32, String, (values) => Int32Array.from(values)),
  tensors(
    fc.float({ noNaN: true, noDefaultInfinity: true }),
    MS_FLOAT32,
    // With an exponent, even 1 is a float.
    (value) => (Object.is(value, -0) ? '-0.0' : value.toExponential()),
    (values) => Float32Array.from(values),
  ),
  tensors(fc.boolean(), MS_BOOL, String, (values) => Uint8Array.from(values, Number)),
  texts,
  blobs,
  encoded,
);

type Items = ReadonlyMap<string, Twin>;

/** Mostly whole; now and then an input is missing. */
const instance: fc.Arbitrary<Items> = fc
  .tuple(openValue, int64s, openValue, fc.nat(15))
  .map(([x, size, odd, missing]) => {
    const all: [string, Twin][] = [
      ['x', x],
      ['größe', size],
      ['__proto__', odd],
    ];
    return new Map(all.filter((_, index) => index !== missing));
  });

function jsonOf(items: Items): string {
  return `{${[...items].map(([name, { json }]) => `${JSON.stringify(name)}:${json}`).join()}}`;
}

function wireOf(items: Items): mindspore.Instance {
  return wireInstance([...items].map(([name, { tensor }]) => [name, tensor] as const));
}

/** An error by its kind: what is wrong with bytes has a text of its own over REST, and is looked for first there. */
function kindOf(error: string, items: Items): string {
  return isOdd(items) ? 'refused' : error;
}

test('the same tensors come to the same outcomes', async () => {
  let instances = 0;
  await fc.assert(
    fc.asyncProperty(fc.array(instance, { minLength: 1, maxLength: 6 }), async (all) => {
      instances += all.length;
      const [{ json }, { reply }] = await Promise.all([
        rest.post(`{"instances":[${all.map(jsonOf).join()}]}`),
        grpc.predict(wireRequest(all.map(wireOf))),
      ]);
      const { outputs, errors } = readReply(reply!);
      const expected = all.map((items, i) => {
        const error = errors.length === 1 ? errors[0]! : errors[i];
        return error === undefined || error.code === 0 ? outputs[i] : kindOf(error.text, items);
      });
      const given = all.map((items, i) => {
        const one = json.instances?.[i] ?? json;
        return 'y' in one ? one['y'] : kindOf(String(one['error_msg']), items);
      });
      expect(given).toEqual(expected);
      // Collapsed or not, too, unless the texts differ between the protocols.
      if (all.every((items) => items.size === 3 && !isOdd(items)))
        expect(json.instances).toHaveLength(all.length);
    }),
    { numRuns: 150 },
  );
  expect(instances).toBeGreaterThan(150);
});

function isOdd(items: Items): boolean {
  return [...items.values()].some(
    ({ tensor: { dtype, tensorData } }) =>
      dtype === MS_UINT16 && tensorData?.$case === 'data' && tensorData.value.length % 2 === 1,
  );
}

/** Requests that mostly were damaged, and what is none at all. */
const damaged = fc
  .tuple(instance, fc.nat(), fc.nat(255), fc.constantFrom('nothing', 'change', 'insert', 'remove', 'cut'))
  .map(([items, place, byte, how]) => {
    const bytes = [...Buffer.from(`{"instances":[${jsonOf(items)}]}`)];
    const at = place % bytes.length;
    if (how === 'change') bytes[at] = byte;
    else if (how === 'insert') bytes.splice(at, 0, byte);
    else if (how === 'remove') bytes.splice(at, 1);
    else if (how === 'cut') bytes.length = at;
    return Uint8Array.from(bytes);
  });
const structural = fc.json({ maxDepth: 6 }).map((text) => Buffer.from(`{"instances":${text}}`));
const anything = fc.oneof(
  damaged,
  structural,
  fc.uint8Array({ maxLength: 60 }),
  fc
    .array(fc.constantFrom(...Array.from('{}[]":,instacex1.5e-null b64\\u')), { maxLength: 60 })
    .map((characters) => Buffer.from(characters.join(''))),
);

test('whatever is sent, there is an answer of JSON, and the next request is served', async () => {
  const seen = { instances: 0, error_msg: 0 };
  await fc.assert(
    fc.asyncProperty(anything, async (bytes) => {
      const { status, json } = await rest.post(Uint8Array.from(bytes));
      expect(status).toBe(200);
      expect(Object.keys(json)).toHaveLength(1);
      seen[json.instances === undefined ? 'error_msg' : 'instances']++;
      expect(json.error_msg ?? '').not.toContain('internal error');
    }),
    { numRuns: 600 },
  );
  expect(Math.min(seen.instances, seen.error_msg)).toBeGreaterThan(5);
  const { json } = await rest.post('{"instances":{"x":1,"größe":2,"__proto__":3}}');
  expect(json.instances).toHaveLength(1);
});
