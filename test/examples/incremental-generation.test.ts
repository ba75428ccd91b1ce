/** The example as its README has it, and the methods against what both graphs write in Python. */
import { readFileSync } from 'node:fs';
import { beforeAll, expect, test } from '@jest/globals';
import { outputsOf, type Tensor } from '@serving/client';
import { eventually } from '../support/eventually.js';
import { Example, run } from '../support/example.js';
import { ask } from '../support/inference-calls.js';
import type { Master } from '../support/processes.js';

interface Written {
  text: string;
  tokens_run: Tensor;
}

interface Expected {
  readonly prompt: string;
  readonly max_length: number;
  readonly temperature: number;
  readonly seed: number;
  readonly text: string;
}

const expected = JSON.parse(
  readFileSync('examples/incremental-generation/expected.json', 'utf8'),
) as Expected[];
const texts = expected.map(({ text }) => text);
const instances = expected.map(({ prompt, max_length, temperature, seed }) => ({
  prompt,
  max_length: BigInt(max_length),
  temperature,
  seed: BigInt(seed),
}));
type Instance = (typeof instances)[number];

const [longest, longestText] = [instances[0]!, texts[0]!];
const startOf = (length: number): Instance => ({ ...longest, max_length: BigInt(length) });

const example = new Example('incremental-generation');
/** What it prints are times. */
const compare = 'npx jiti examples/incremental-generation/compare.ts localhost:5500';
let server: Master;

beforeAll(async () => {
  server = await example.start();
});

async function write(method: string, given: readonly Instance[]) {
  const results = await server.client('whale', method).infer<Written>(given);
  return results.map((result) => {
    const { text, tokens_run } = outputsOf(result);
    return { text, tokens: Number(tokens_run.data[0]) };
  });
}

async function stream(instance: Instance) {
  const client = server.client('whale', 'generate_stream');
  const pieces: { text: string; tokens: number }[] = [];
  for await (const { text, tokens_run } of client.inferStream<Written>(instance))
    pieces.push({ text, tokens: Number(tokens_run.data[0]) });
  return pieces;
}

const joined = (pieces: readonly { text: string }[]) => pieces.map(({ text }) => text).join('');

test.each(example.commands.filter(({ command }) => command !== compare))(
  '$command prints what the README shows',
  async ({ command, output }) => {
    expect(await run(command, server)).toBe(output);
  },
);

test('compare.ts, which the README shows, finds the same text both ways', async () => {
  expect(example.commands.map(({ command }) => command)).toContain(compare);
  expect(await run(compare, server)).toMatch(/^The same text both ways\.\n.*\n.*\n[\d.]+ times the tokens, /);
});

test.each(['generate', 'generate_without_cache'])(
  '%s writes what the graphs write in Python, all in one request',
  async (method) => {
    const written = await write(method, instances);
    expect(written.map(({ text }) => text)).toEqual(texts);
  },
);

test('the pieces of generate_stream are the same texts, of streams at the same time', async () => {
  const streams = await Promise.all(instances.map(stream));
  expect(streams.map(joined)).toEqual(texts);
  for (const [index, pieces] of streams.entries()) {
    expect(pieces.map(({ text }) => text.length)).toEqual(pieces.map(() => 1));
    const { length } = instances[index]!.prompt;
    expect(pieces.map(({ tokens }) => tokens)).toEqual(pieces.map((_, piece) => (piece === 0 ? length : 1)));
  }
});

test('with both graphs each token is run once, without the second one again for each letter', async () => {
  const length = 40;
  const [both] = await write('generate', [startOf(length)]);
  const [first] = await write('generate_without_cache', [startOf(length)]);
  expect(both).toEqual({ text: longestText.slice(0, length), tokens: longest.prompt.length + length - 1 });
  const again = Array.from({ length }, (_, written) => longest.prompt.length + written);
  expect(first).toEqual({ text: both!.text, tokens: again.reduce((sum, tokens) => sum + tokens) });
});

test('each text of a request stops at its own max_length', async () => {
  const lengths = [1, 5, 20];
  const written = await write('generate', lengths.map(startOf));
  expect(written.map(({ text }) => text)).toEqual(lengths.map((length) => longestText.slice(0, length)));
});

test('a seed draws the same text again, whatever shares its runs; another seed another', async () => {
  const drawn = (seed: bigint) => ({ ...startOf(60), temperature: 0.5, seed });
  const together = await write('generate', [drawn(1n), longest, drawn(2n), drawn(1n)]);
  const [first, , second, again] = together.map(({ text }) => text);
  expect(again).toBe(first);
  expect(second).not.toBe(first);
  expect((await write('generate', [drawn(2n)]))[0]!.text).toBe(second);
});

const mistakes = [
  { ...startOf(5), prompt: 'route §6', problem: 'expected letters that the book has, given "§"' },
  { ...startOf(5), prompt: '', problem: 'expected a prompt of at least one letter, given none' },
  { ...startOf(0), problem: 'expected a max_length of at least 1, given 0' },
  {
    ...startOf(10),
    prompt: 'B'.repeat(250),
    problem: 'expected a prompt and a max_length of at most 256 letters together, given 250 and 10',
  },
  { ...startOf(5), temperature: NaN, problem: 'expected a temperature from 0 to 10, given NaN' },
  { ...startOf(5), temperature: -1, problem: 'expected a temperature from 0 to 10, given -1' },
];

test.each(mistakes)('an instance has an error of its own: $problem', async ({ problem, ...instance }) => {
  const client = server.client('whale', 'generate');
  const [refused, written] = await client.infer([instance, startOf(4)]);
  expect(refused).toMatchObject({
    ok: false,
    error: { message: expect.stringContaining(problem) as unknown },
  });
  expect(outputsOf(written!)['text']).toBe(longestText.slice(0, 4));
});

test.each(mistakes)('a stream has an error of its own: $problem', async ({ problem, ...instance }) => {
  const [refused, written] = await Promise.allSettled([stream(instance), stream(startOf(4))]);
  expect(refused).toMatchObject({
    status: 'rejected',
    reason: { message: expect.stringContaining(problem) as unknown },
  });
  expect(written.status === 'fulfilled' && joined(written.value)).toBe(longestText.slice(0, 4));
});

test('streams that are left end before their texts do', async () => {
  const counts = async () => {
    const { modelStats } = await ask.statistics(server.address, 'whale.generate_stream');
    const { success, fail } = modelStats[0]!.inferenceStats!;
    return { success: Number(success!.count), fail: Number(fail!.count) };
  };
  const before = await counts();
  const streams = Array.from({ length: 12 }, () =>
    server.client('whale', 'generate_stream').inferStream<Written>(longest),
  );
  const first = await Promise.all(streams.map((responses) => responses.next()));
  expect(first.map(({ done }) => done)).toEqual(streams.map(() => false));
  await Promise.all(streams.map((responses) => responses.return()));
  const after = await eventually('all of them have ended', async () => {
    const now = await counts();
    return now.success + now.fail - before.success - before.fail === streams.length ? now : undefined;
  });
  expect(after.fail).toBeGreaterThan(before.fail);
});
