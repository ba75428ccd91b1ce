/** Sound in, speech or not out: chunk by chunk with the state in the caller's hands, or a whole recording, sent or on disk. */
import { existsSync } from 'node:fs';
import { addStage, declareModel, InputError, registerMethod, Tensor } from '@serving/worker';
import { readRecording } from './recordings.js';
import { Stretches, type Stretch } from './stretches.js';
import { chunksOf, rate, samplesOf } from './wav.js';

if (!existsSync(new URL('1/silero_vad_v5.onnx', import.meta.url)))
  throw new Error('the model has not been copied yet; npx jiti examples/speech-activity/prepare.ts does it');

/** Samples that are heard at a time: 32 ms. */
const chunkSize = 512;
/** The model also takes the last samples of the chunk before. */
const contextSize = 64;
/** What the model remembers, [2, 1, 128]. */
const memorySize = 256;
/** A stream's state is both in one list: the model's memory, then the last samples. */
const stateSize = memorySize + contextSize;

// Dimension 0 of the memory is not the batch, so that an instance is a whole model input.
const silero = declareModel({ file: 'silero_vad_v5.onnx', withBatchDim: false });

function modelInputs(chunk: Tensor, state: Tensor): [samples: Tensor, memory: Tensor, rate: Tensor] {
  const samples = new Float32Array(contextSize + chunkSize);
  samples.set(state.dataAs('float32').subarray(memorySize));
  samples.set(chunk.dataAs('float32'), contextSize);
  const memory = state.dataAs('float32').slice(0, memorySize);
  return [
    new Tensor('float32', [1, samples.length], samples),
    new Tensor('float32', [2, 1, 128], memory),
    new Tensor('int64', [], BigInt64Array.of(BigInt(rate))),
  ];
}

function heard(chunk: Tensor, output: Tensor, memory: Tensor): [probability: number, state: Tensor] {
  const state = new Float32Array(stateSize);
  state.set(memory.dataAs('float32'));
  state.set(chunk.dataAs('float32').subarray(-contextSize), memorySize);
  return [Number(output.data[0]), new Tensor('float32', [state.length], state)];
}

registerMethod(
  'detect',
  {
    inputs: {
      chunk: { dtype: 'float32', shape: [chunkSize] },
      state: { dtype: 'float32', shape: [stateSize] },
    },
    outputs: {
      probability: { dtype: 'float32', shape: [] },
      state: { dtype: 'float32', shape: [stateSize] },
    },
  },
  ({ chunk, state }) => {
    const inputs = addStage(modelInputs, [chunk, state], { outputs: 3 });
    const [output, memory] = addStage(silero, inputs, { outputs: 2 });
    const [probability, next] = addStage(heard, [chunk, output, memory], { outputs: 2 });
    return { probability, state: next };
  },
);

function readSamples(recording: Uint8Array): Float32Array {
  try {
    return samplesOf(recording);
  } catch (cause) {
    throw new InputError((cause as Error).message, { cause });
  }
}

/** Each stretch of speech, as soon as it has ended. */
async function* stretchesIn(recording: Uint8Array): AsyncGenerator<Stretch> {
  const stretches = new Stretches(chunkSize / rate);
  let state = new Tensor('float32', [stateSize], new Float32Array(stateSize));
  for (const samples of chunksOf(readSamples(recording), chunkSize)) {
    const chunk = new Tensor('float32', [chunkSize], samples);
    const [output, memory] = await silero.call<[Tensor, Tensor]>(...modelInputs(chunk, state));
    const [probability, next] = heard(chunk, output, memory);
    const ended = stretches.add(probability);
    if (ended !== undefined) yield ended;
    state = next;
  }
  const last = stretches.end();
  if (last !== undefined) yield last;
}

async function segments(recording: Uint8Array): Promise<Tensor> {
  const found: Stretch[] = [];
  for await (const stretch of stretchesIn(recording)) found.push(stretch);
  return new Tensor('float32', [found.length, 2], Float32Array.from(found.flat()));
}

registerMethod(
  'segments',
  {
    inputs: { recording: { dtype: 'bytes', shape: [] } },
    outputs: { stretches: { dtype: 'float32', shape: ['stretches', 2] } },
  },
  ({ recording }) => ({ stretches: addStage(segments, [recording]) }),
);

registerMethod(
  'follow',
  {
    inputs: { file: { dtype: 'string', shape: [] } },
    outputs: { from: { dtype: 'float32', shape: [] }, to: { dtype: 'float32', shape: [] } },
    streaming: true,
  },
  ({ file }) => {
    const recording = addStage(readRecording, [file]);
    const [from, to] = addStage(stretchesIn, [recording], { outputs: 2 });
    return { from, to };
  },
);
