import { expect, test } from '@jest/globals';
import { Block, float16Bits } from '@serving/common';
import {
  batchedEcho,
  contents,
  echo,
  floatBytes,
  floatsRequest,
  InferenceBench,
  input,
  method,
  parameters,
} from '../../support/inference.js';

function bench(...methods: Parameters<typeof method>[2][]) {
  const one = new InferenceBench();
  one.serve({ servable: 'one', methods: [echo] });
  one.serve({ servable: 'many', methods: [batchedEcho] });
  for (const [index, more] of methods.entries())
    one.serve({ servable: `m${index}`, methods: [method('m', [{ name: 'x' }], more)] });
  return one;
}

const layouts = (response: { outputs: { name: string; datatype: string; shape: bigint[] }[] }) =>
  response.outputs.map(({ name, datatype, shape }) => [name, datatype, shape.map(Number)]);

test('one request is one instance, and the answer has its id, the model, the version and raw contents', async () => {
  const response = await bench().infer({ ...floatsRequest('one', [2, 2], [1, 2, 3, 4]), id: 'a' });
  expect(response).toMatchObject({ modelName: 'one', modelVersion: '1', id: 'a' });
  expect(layouts(response)).toEqual([['y', 'FP32', [2, 2]]]);
  expect(response.rawOutputContents.map((raw) => [...raw])).toEqual([[...floatBytes(1, 2, 3, 4)]]);
  expect(response.outputs[0]!.contents).toBeUndefined();
});

test('of a batched model dimension 0 is the batch: three instances there and back', async () => {
  const one = bench();
  const replica = one.serve({ servable: 'three', methods: [batchedEcho] });
  const response = await one.infer(floatsRequest('three', [3, 2], [1, 2, 3, 4, 5, 6]));
  expect(replica.sizes).toEqual([3]);
  expect(replica.last.texts[1]).toBe(`x:float32[2]=${Buffer.from(floatBytes(3, 4)).toString('hex')}`);
  expect(layouts(response)).toEqual([['y', 'FP32', [3, 2]]]);
  expect([...response.rawOutputContents[0]!]).toEqual([...floatBytes(1, 2, 3, 4, 5, 6)]);
});

test('a batch that is larger than any batch of the method is spread and put together again', async () => {
  const one = bench();
  const replica = one.serve({ servable: 'nine', methods: [batchedEcho] });
  const values = Array.from({ length: 9 }, (_, i) => i);
  const response = await one.infer(floatsRequest('nine', [9], values));
  expect(replica.sizes).toEqual([4, 4, 1]);
  expect(layouts(response)).toEqual([['y', 'FP32', [9]]]);
  expect([...response.rawOutputContents[0]!]).toEqual([...floatBytes(...values)]);
});

test('typed contents are as good as raw ones', async () => {
  const response = await bench().infer({
    modelName: 'many',
    inputs: [input('x', 'INT16', [2, 1], { contents: contents({ intContents: [-5, 300] }) })],
  });
  expect(layouts(response)).toEqual([['y', 'INT16', [2, 1]]]);
  expect([...response.rawOutputContents[0]!]).toEqual([0xfb, 0xff, 0x2c, 0x01]);
});

test('an instance that fails fails the request with its own status', async () => {
  const one = new InferenceBench();
  one.serve({ servable: 's', methods: [batchedEcho] }, (work) => {
    work.succeed(0, 1);
    work.fail(1, 1, 'the second threw');
    work.fail(2, 1, 'the third threw');
  });
  expect(await one.refusal(floatsRequest('s', [3], [1, 2, 3]))).toBe('STAGE_FAILED: the second threw');
});

test('instances whose outputs are no one tensor are an error', async () => {
  const one = new InferenceBench();
  one.serve({ servable: 's', methods: [batchedEcho] }, (work) => {
    const [block] = work.contents.sections;
    const part = (first: number, count: number) => ({ first, count, sequence: 0, last: true });
    work.send({ ...part(0, 1), outcome: { ok: true, outputs: { block: renamed(block!), from: 0, to: 1 } } });
    work.succeed(1, 1);
  });
  expect(await one.refusal(floatsRequest('s', [2, 1], [1, 2]))).toBe(
    "INPUT_MISMATCH: output 'y': expected one datatype and shape of all instances of the request, given float32 [1] and string []; send them in requests of their own",
  );
});

const renamed = (block: Block) =>
  new Block(
    block.count,
    block.columns.map((column) => ({ ...column, name: 'y' })),
  );

test('outputs are those asked for; unknown and repeated ones are refused', async () => {
  const one = bench();
  const asked = (...names: string[]) => ({
    ...floatsRequest('one', [1], [1]),
    outputs: names.map((name) => ({ name, parameters: new Map() })),
  });
  expect(layouts(await one.infer(asked('y')))).toHaveLength(1);
  expect(await one.refusal(asked('z'))).toBe(
    "INPUT_MISMATCH: unexpected inference output 'z' for model 'one'; expected y",
  );
  expect(await one.refusal(asked('y', 'y'))).toBe(
    "INPUT_MISMATCH: output 'y' is asked for twice of model 'one'",
  );
});

test('classification gives the highest elements of each instance', async () => {
  const one = bench();
  const top = (k: bigint, request: object) =>
    one.infer({ ...request, outputs: [{ name: 'y', parameters: parameters({ classification: k }) }] });
  const text = (raw: Uint8Array) =>
    Buffer.from(raw)
      .toString('latin1')
      .replaceAll(/\p{Control}+/gu, ' ');
  const batch = await top(2n, floatsRequest('many', [2, 3], [1, 3, 2, 9, 8, 7]));
  expect(layouts(batch)).toEqual([['y', 'BYTES', [2, 2]]]);
  expect(text(batch.rawOutputContents[0]!).trim()).toBe('3.000000:1 2.000000:2 9.000000:0 8.000000:1');
  const single = await top(9n, floatsRequest('one', [3], [1, NaN, 1]));
  expect(layouts(single)).toEqual([['y', 'BYTES', [3]]]);
  expect(text(single.rawOutputContents[0]!).trim()).toBe('1.000000:0 1.000000:2 NaN:1');
  const half = await top(1n, {
    modelName: 'one',
    inputs: [input('x', 'FP16', [2])],
    rawInputContents: [new Uint8Array(Uint16Array.of(float16Bits(-1), float16Bits(0.5)).buffer)],
  });
  expect(text(half.rawOutputContents[0]!).trim()).toBe('0.500000:1');
  const bytes = {
    modelName: 'one',
    inputs: [input('x', 'BYTES', [1])],
    rawInputContents: [Uint8Array.of(0, 0, 0, 0)],
  };
  expect(
    await one.refusal({ ...bytes, outputs: [{ name: 'y', parameters: parameters({ classification: 1n }) }] }),
  ).toBe(
    "BAD_REQUEST: output 'y': expected a numeric output for the parameter 'classification', given BYTES",
  );
});

test('priority 1 goes first; the parameter is stronger than the header', async () => {
  const one = new InferenceBench();
  const sent: number[] = [];
  one.serve({ servable: 's', methods: [echo] }, (work) => {
    sent.push(work.contents.calls[0]!.priority);
    work.succeed();
  });
  const send = (level: bigint | undefined, header?: string) =>
    one.infer(
      {
        ...floatsRequest('s', [], [1]),
        ...(level === undefined ? {} : { parameters: parameters({ priority: level }) }),
      },
      { metadata: (name) => (name === 'serving-priority' ? header : undefined) },
    );
  await send(1n);
  await send(2001n, '7');
  await send(1001n);
  await send(0n, '7');
  await send(undefined);
  expect(sent).toEqual([1000, -1000, 0, 7, 0]);
  for (const [given, shown] of [
    [2002n, '2002'],
    [-1n, '-1'],
    ['1', "'1'"],
    [true, 'true'],
  ] as const)
    expect(
      await one.refusal({ ...floatsRequest('s', [], [1]), parameters: parameters({ priority: given }) }),
    ).toBe(`BAD_REQUEST: parameter 'priority': expected a whole number from 0 to 2001, given ${shown}`);
});

test('a timeout, in microseconds, ends what waits', async () => {
  const one = new InferenceBench();
  const replica = one.serve({ servable: 's', methods: [echo] }, () => undefined);
  replica.recall(1);
  const refusal = one.refusal({
    ...floatsRequest('s', [], [1]),
    parameters: parameters({ timeout: 3000n }),
  });
  one.plane.clock.advance(2);
  expect(one.plane.batchers(1)[0]!.waiting).toBe(1);
  one.plane.clock.advance(1);
  expect(await refusal).toMatch(/^DEADLINE_EXCEEDED: /);
});

test('a full queue is RESOURCE_EXHAUSTED, with the time to try again', async () => {
  const one = new InferenceBench();
  one.serve({ servable: 's', methods: [batchedEcho] }).recall(1);
  // Nobody takes what waits.
  void one.infer(floatsRequest('s', [150_000, 0], [])).catch(() => undefined);
  await expect(one.infer(floatsRequest('s', [150_000, 0], []))).rejects.toMatchObject({
    code: 'QUEUE_FULL',
    retryAfterMs: 1000,
  });
});

test('bytes that are no request are refused', async () => {
  const one = bench();
  await expect(one.send('ModelInfer', Uint8Array.of(0x0a, 0xff, 0xff))).rejects.toThrow(
    /^expected an inference.ModelInferRequest, given 3 bytes that are none: /,
  );
});
