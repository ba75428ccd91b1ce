/** What an executor needs of its thread, and how a real one is started. */
import { Worker } from 'node:worker_threads';
import type { ThreadStart, ToThread } from './thread-messages.js';

export interface ExecutorThread {
  postMessage(message: ToThread, transfer: ArrayBuffer[]): void;
  on(event: 'message', listener: (message: unknown) => void): unknown;
  on(event: 'error', listener: (thrown: unknown) => void): unknown;
  once(event: 'exit', listener: (code: number) => void): unknown;
  terminate(): Promise<unknown>;
}

export type StartThread = (name: string, start: ThreadStart) => ExecutorThread;

export const startThread: StartThread = (name, start) =>
  threadOf(new URL('./thread-entry.js', import.meta.url), name, start);

/** A thread in which code of a servable runs: whatever that prints goes to standard error. */
export function threadOf(entry: URL, name: string, workerData: unknown): Worker {
  const thread = new Worker(entry, {
    name,
    workerData,
    // The thread runs compiled code; loaders of the embedding process are not its business.
    execArgv: [],
    stdout: true,
  });
  // Standard output is for start lines and results.
  thread.stdout.on('data', (chunk: Buffer) => process.stderr.write(chunk));
  return thread;
}
