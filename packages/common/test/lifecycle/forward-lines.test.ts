import { expect, test } from '@jest/globals';
import fc from 'fast-check';
import { PassThrough, Readable, Writable } from 'node:stream';
import { forwardLines, maxLineBytes, SharedOutput } from '../../src/lifecycle/forward-lines.js';
import { eventually } from '../../../../test/support/eventually.js';
import { script, Supervised } from './supervised.js';

/** Takes everything, and keeps each write apart. */
function recorder() {
  const writes: string[] = [];
  const to = new Writable({
    write(chunk: Buffer, _encoding, done) {
      writes.push(chunk.toString());
      done();
    },
  });
  return { to, output: new SharedOutput(to), writes };
}

async function forwarded(chunks: readonly Uint8Array[], prefix = ''): Promise<readonly string[]> {
  const { output, writes } = recorder();
  await forwardLines(Readable.from(chunks.map((chunk) => Buffer.from(chunk))), output, prefix);
  return writes;
}

test('lines keep their bytes however the text is cut into chunks; the last one gets an end', async () => {
  const text = fc.array(fc.constantFrom('a', 'ü', '漢', '🙂', '\n', '\r\n')).map((parts) => parts.join(''));
  const cuts = fc.array(fc.nat(40));
  await fc.assert(
    fc.asyncProperty(text, cuts, async (whole, places) => {
      const bytes = Buffer.from(whole);
      const edges = [0, ...places.filter((at) => at < bytes.length).toSorted((a, b) => a - b), bytes.length];
      const chunks = edges.slice(1).map((to, index) => bytes.subarray(edges[index], to));
      const writes = await forwarded(chunks, '> ');
      const lines = whole.split('\n');
      if (lines.at(-1) === '') lines.pop();
      expect(writes.join('')).toBe(lines.map((line) => `> ${line}\n`).join(''));
      for (const write of writes) expect(write).toMatch(/\n$/);
    }),
  );
});

test('a line without end is broken into pieces between characters', async () => {
  const character = Buffer.from('漢');
  const count = maxLineBytes;
  const writes = await forwarded([Buffer.alloc(character.length * count, character), Buffer.from('\nend')]);
  const lines = writes.join('').split('\n');
  expect(lines.slice(-2)).toEqual(['end', '']);
  const pieces = lines.slice(0, -2);
  expect(pieces.join('')).toBe('漢'.repeat(count));
  for (const piece of pieces) expect(Buffer.byteLength(piece)).toBeLessThanOrEqual(maxLineBytes);
});

test('bytes that are no UTF-8 are broken as well', async () => {
  const writes = await forwarded([Buffer.alloc(maxLineBytes + 5, 0x80)]);
  expect(writes.map((write) => write.length)).toEqual([maxLineBytes + 1, 6]);
});

test('what was read before a pipe broke is passed on', async () => {
  const { output, writes } = recorder();
  const from = new PassThrough();
  const done = forwardLines(from, output);
  from.write('whole\npart');
  await eventually('the line is passed on', () => writes.length === 1);
  from.destroy(new Error('broken'));
  await done;
  expect(writes).toEqual(['whole\n', 'part\n']);
});

test('children wait while the output is full, and all go on when it drains', async () => {
  const held: (() => void)[] = [];
  const taken: string[] = [];
  const to = new Writable({
    highWaterMark: 1,
    write(chunk: Buffer, _encoding, done) {
      taken.push(chunk.toString());
      held.push(done);
    },
  });
  const output = new SharedOutput(to);
  let read = 0;
  const endless = () =>
    new Readable({
      highWaterMark: 1,
      read() {
        this.push(++read > 1000 ? null : 'line\n');
      },
    });
  const done = Array.from({ length: 12 }, () => forwardLines(endless(), output));
  await eventually('the output is full', () => held.length > 0);
  await new Promise((resolve) => setImmediate(resolve));
  expect([read < 50, to.listenerCount('drain')]).toEqual([true, 1]);
  const drain = setInterval(() => held.splice(0).forEach((next) => next()), 0);
  await Promise.all(done);
  clearInterval(drain);
  expect(taken.join('')).toBe('line\n'.repeat(1000));
  expect([to.listenerCount('drain'), to.listenerCount('close')]).toEqual([0, 0]);
});

test('an end is reported when the last lines have been passed on, however slowly', async () => {
  const held: (() => void)[] = [];
  let taken = '';
  const stdout = new Writable({
    highWaterMark: 1,
    write(chunk: Buffer, _encoding, done) {
      taken += chunk.toString();
      held.push(done);
    },
  });
  const text = `console.log('x'.repeat(40_000)); console.log('last words'); process.exit(3)`;
  const run = new Supervised([script('device 0', text)], { stdout });
  let isReported = false;
  void run.supervisor.fatal.then(() => (isReported = true));
  run.supervisor.start();
  await run.reaches('gone');
  await new Promise((resolve) => setImmediate(resolve));
  expect(isReported).toBe(false);
  await eventually('the end is reported', () => {
    for (const next of held.splice(0)) next();
    return isReported;
  });
  expect(taken).toBe(`[device 0] ${'x'.repeat(40_000)}\n[device 0] last words\n`);
});

test('a closed output drops the lines, so that the children do not get stuck', async () => {
  const to = new Writable({ highWaterMark: 1, write: () => undefined });
  const output = new SharedOutput(to);
  const full = output.write(Buffer.from('line\n'));
  to.destroy();
  await full;
  await output.write(Buffer.from('line\n'));
});

test('standard output is passed on with the name, standard error as it is, parts and all', async () => {
  const text = `
    const euro = Buffer.from('5 €\\n');
    process.stdout.write(euro.subarray(0, 3));
    setTimeout(() => {
      process.stdout.write(euro.subarray(3));
      process.stderr.write('{"msg":"log line"}\\n');
      process.stdout.write('x'.repeat(300_000) + '\\nlast words', () => process.exit(3));
    }, 20);`;
  const run = new Supervised([script('device 0', text)]);
  run.supervisor.start();
  await run.supervisor.fatal;
  expect(run.stdout).toBe(`[device 0] 5 €\n[device 0] ${'x'.repeat(300_000)}\n[device 0] last words\n`);
  expect(run.stderr).toBe('{"msg":"log line"}\n');
});
