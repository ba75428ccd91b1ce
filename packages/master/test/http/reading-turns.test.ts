/** Whose body is read: large ones one after another, others beside them as far as they are little together. */
import { expect, test } from '@jest/globals';
import type { CancelSignal } from '@serving/common';
import { setImmediate as turn } from 'node:timers/promises';
import { ReadingTurns } from '../../src/http/reading-turns.js';

const mebibyte = 2 ** 20;

class Caller implements CancelSignal {
  aborted = false;
  #listener = () => undefined as void;

  onAbort(listener: () => void): void {
    this.#listener = listener;
  }

  goAway(): void {
    this.aborted = true;
    this.#listener();
  }
}

class Readers {
  readonly turns = new ReadingTurns();
  /** Those whose turn has come, with what ends it. */
  readonly reading = new Map<string, () => void>();
  readonly gone: string[] = [];

  async come(name: string, bytes: number, caller = new Caller()): Promise<Caller> {
    this.turns.take(bytes, caller).then(
      (leave) => this.reading.set(name, leave),
      ({ code }: { readonly code: string }) => this.gone.push(`${name}: ${code}`),
    );
    await turn();
    return caller;
  }

  async leave(name: string): Promise<void> {
    this.reading.get(name)!();
    this.reading.delete(name);
    await turn();
  }

  get names(): string {
    return [...this.reading.keys()].join(' ');
  }
}

test('large bodies are read one at a time, in their order', async () => {
  const readers = new Readers();
  for (const name of ['a', 'b', 'c']) await readers.come(name, 100 * mebibyte);
  expect(readers.names).toBe('a');
  await readers.leave('a');
  expect(readers.names).toBe('b');
  await readers.leave('b');
  expect(readers.names).toBe('c');
});

test('smaller ones do not wait for a large one, but for one another when they are many', async () => {
  const readers = new Readers();
  await readers.come('large', 100 * mebibyte);
  for (let i = 0; i < 18; i++) await readers.come(`${i}`, mebibyte);
  expect(readers.reading.size).toBe(17);
  await readers.leave('3');
  expect(readers.reading.has('16')).toBe(true);
  expect(readers.reading.has('17')).toBe(false);
});

test('a caller that goes away while it waits is told so, and keeps nobody waiting', async () => {
  const readers = new Readers();
  await readers.come('a', 9 * mebibyte);
  const b = await readers.come('b', 9 * mebibyte);
  await readers.come('c', 9 * mebibyte);
  b.goAway();
  await turn();
  expect(readers.gone).toEqual(['b: CANCELLED']);
  await readers.leave('a');
  expect(readers.names).toBe('c');
});
