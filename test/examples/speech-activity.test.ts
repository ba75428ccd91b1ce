/** The example as its README has it, what speech is found, and streams that go on at the same time. */
import { readFileSync } from 'node:fs';
import { beforeAll, expect, test } from '@jest/globals';
import { outputsOf, tensor, type Tensor } from '@serving/client';
import { chunksOf, samplesOf } from '../../examples/speech-activity/vad/wav.ts';
import { Example, run } from '../support/example.js';
import type { Master } from '../support/processes.js';

const recording = readFileSync('examples/speech-activity/speech.wav');

const example = new Example('speech-activity');
let server: Master;

beforeAll(async () => {
  server = await example.start();
});

test.each(example.commands)('$command prints what the README shows', async ({ command, output }) => {
  expect(await run(command, server)).toBe(output);
});

test('without its model it says how that is copied', async () => {
  expect(await example.checkUnprepared('vad')).toMatch(
    /vad\/servable_config\.ts:\d+: Error: the model has not been copied yet; npx jiti examples\/speech-activity\/prepare\.ts does it/,
  );
});

test('the stretches found are those that were spoken, to a tenth of a second', async () => {
  const [result] = await server.client('vad', 'segments').infer({ recording });
  const { stretches } = outputsOf(result) as { stretches: Tensor };
  expect(stretches.shape).toEqual([2, 2]);
  const spoken = [0.6, 1.59, 2.49, 3.78];
  for (const [index, second] of spoken.entries())
    expect(Math.abs(Number(stretches.data[index]) - second)).toBeLessThan(0.1);
});

test('two streams in the same requests are heard as each by itself', async () => {
  const client = server.client('vad', 'detect');
  const samples = samplesOf(recording);
  const streams = [samples, samples.toReversed()].map((sound) => chunksOf(sound, 512).slice(0, 50));
  const start = tensor('float32', [320], new Float32Array(320));

  async function listen(chosen: readonly number[]): Promise<number[][]> {
    let states = chosen.map(() => start);
    const probabilities: number[][] = chosen.map(() => []);
    for (let index = 0; index < 50; index++) {
      const results = await client.infer(
        chosen.map((stream, position) => ({ chunk: streams[stream]![index]!, state: states[position]! })),
      );
      const outputs = results.map((result) => outputsOf(result) as { probability: Tensor; state: Tensor });
      states = outputs.map(({ state }) => state);
      for (const [position, { probability }] of outputs.entries())
        probabilities[position]!.push(Number(probability.data[0]));
    }
    return probabilities;
  }

  const [[first], [second]] = [await listen([0]), await listen([1])];
  expect(Math.max(...first!)).toBeGreaterThan(0.9);
  expect(await listen([0, 1])).toEqual([first, second]);
});

test.each([
  ['bytes that are no WAV', Buffer.from('text'), 'expected the bytes of a WAV file, given 4 other bytes'],
  ['a WAV without sound', recording.subarray(0, 36), "expected a WAV file with a part 'data'"],
])('%s are an error of their own', async (_, broken, problem) => {
  const client = server.client('vad', 'segments');
  const [refused, heard] = await client.infer([{ recording: broken }, { recording }]);
  expect(refused).toMatchObject({
    ok: false,
    error: { message: expect.stringContaining(problem) as unknown },
  });
  expect(heard).toMatchObject({ ok: true });
});

test('a file of the server is followed, and gives the stretches that it gives as a whole', async () => {
  const [result] = await server.client('vad', 'segments').infer<{ stretches: Tensor }>({ recording });
  const followed: number[] = [];
  const client = server.client('vad', 'follow');
  for await (const { from, to } of client.inferStream<{ from: Tensor; to: Tensor }>({ file: 'speech.wav' }))
    followed.push(Number(from.data[0]), Number(to.data[0]));
  expect(followed).toEqual([...outputsOf(result).stretches.dataAs('float32')]);
});

test.each([
  ['../README.md', "expected the name of a WAV file of the server, such as speech.wav, given '../README.md'"],
  ['/etc/passwd', "expected the name of a WAV file of the server, such as speech.wav, given '/etc/passwd'"],
  ['nothing.wav', "no recording 'nothing.wav' that can be read"],
])('%s is refused', async (file, problem) => {
  const responses = server.client('vad', 'follow').inferStream({ file });
  await expect(responses.next()).rejects.toThrow(problem);
});
