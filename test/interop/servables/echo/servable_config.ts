import { addStage, registerMethod, Tensor } from '@serving/worker';

const same = (x: unknown) => x;
const numeric = ['bool', 'int8', 'uint8', 'int16', 'uint16', 'int32', 'uint32', 'int64', 'uint64'] as const;
const types = [...numeric, 'float16', 'float32', 'float64', 'string', 'bytes'] as const;

// One instance per request, of a declared type or of any.
for (const dtype of types)
  registerMethod(dtype, { inputs: { x: { dtype } }, outputs: ['y'] }, ({ x }) => addStage(same, [x]));
registerMethod('any', { inputs: ['x'], outputs: ['y'], default: true }, (x) => addStage(same, [x]));

// Several instances per request.
const sameBatch = (instances: [unknown][]) => instances.map(([x]) => x);
registerMethod('batch', { inputs: ['x'], outputs: ['y'] }, (x) => addStage(sameBatch, [x], { batchSize: 0 }));

// As many zeros as the instance says, so that instances differ in shape.
const zeros = (instances: [Tensor][]) =>
  instances.map(([x]) => new Tensor('uint8', [Number(x.data[0])], new Uint8Array(Number(x.data[0]))));
registerMethod('zeros', { inputs: ['x'], outputs: ['y'] }, (x) => addStage(zeros, [x], { batchSize: 0 }));

const fail = () => {
  throw new Error('this method always fails');
};
registerMethod('fail', { inputs: { x: { dtype: 'float32' } }, outputs: ['y'] }, ({ x }) =>
  addStage(fail, [x]),
);

// Waits for as many milliseconds as the instance says.
const wait = async (x: Tensor) => {
  await new Promise((resolve) => setTimeout(resolve, Number(x.data[0])));
  return x;
};
registerMethod('wait', { inputs: { x: { dtype: 'int32', shape: [] } }, outputs: ['y'] }, ({ x }) =>
  addStage(wait, [x]),
);

// Many responses to a request.
const number = { x: { dtype: 'int32', shape: [] } } as const;
const streams = (name: string, generator: (x: Tensor) => AsyncIterable<number>) =>
  registerMethod(name, { inputs: number, outputs: ['y'], streaming: true }, ({ x }) =>
    addStage(generator, [x]),
  );
streams('count', async function* (x) {
  for (let i = 0; i < Number(x.data[0]); i++) yield i;
});
streams('count_slowly', async function* (x) {
  for (let i = 0; i < Number(x.data[0]); i++) {
    yield i;
    if (i % 10 === 0) await new Promise((resolve) => setTimeout(resolve, 1));
  }
});
streams('breaks', async function* (x) {
  for (let i = 0; i < Number(x.data[0]); i++) yield i;
  throw new Error('no more');
});
streams('endless', async function* () {
  for (let i = 0; ; i++) {
    yield i;
    await new Promise((resolve) => setTimeout(resolve, 1));
  }
});
