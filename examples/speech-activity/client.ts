/**
 * Finds speech in a recording twice: sent chunk by chunk, as from a microphone, and as a whole.
 * Usage: npx jiti examples/speech-activity/client.ts [address, default localhost:5500] [WAV, default speech.wav]
 */
import { readFileSync } from 'node:fs';
import { fileURLToPath } from 'node:url';
import { Client, outputsOf, tensor, type Tensor } from '@serving/client';
import { runClient } from '../run-client.ts';
import { chunksOf, samplesOf } from './vad/wav.ts';

const sample = fileURLToPath(new URL('speech.wav', import.meta.url));

/** How probable speech is in each chunk of 32 ms. */
async function detect(address: string, wav: Uint8Array): Promise<number[]> {
  using client = new Client(address, 'vad', 'detect');
  const probabilities: number[] = [];
  // The server keeps nothing between two calls: what a stream needs to know of its past goes with it.
  let state = tensor('float32', [320], new Float32Array(320));
  for (const chunk of chunksOf(samplesOf(wav), 512)) {
    const [result] = await client.infer<{ probability: Tensor; state: Tensor }>({ chunk, state });
    const outputs = outputsOf(result);
    probabilities.push(Number(outputs.probability.data[0]));
    state = outputs.state;
  }
  return probabilities;
}

/** Where speech is, in seconds. */
async function segments(address: string, recording: Uint8Array): Promise<[from: number, to: number][]> {
  using client = new Client(address, 'vad', 'segments');
  const [result] = await client.infer<{ stretches: Tensor }>({ recording });
  const { stretches } = outputsOf(result);
  return stretches.toNested() as [number, number][];
}

await runClient(async (address, file = sample) => {
  const wav = readFileSync(file);
  const shown = (await detect(address, wav)).map((probability) => (probability >= 0.5 ? '#' : '.')).join('');
  for (let second = 0; second * 31.25 < shown.length; second++)
    console.log(`${second} s  ${shown.slice(Math.round(second * 31.25), Math.round((second + 1) * 31.25))}`);
  for (const [from, to] of await segments(address, wav))
    console.log(`speech from ${from.toFixed(2)} s to ${to.toFixed(2)} s`);
});
