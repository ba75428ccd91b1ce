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

export const startThread: StartThread = (name, workerData) => {
  const thread = new Worker(new URL('./thread-entry.js', import.meta.url), {
    name,
    workerData,
    // The thread runs compiled code; loaders of the embedding process are not its business.
    execArgv: [],
    stdout: true,
  });
  // Standard output is for start lines and results, so what stages print goes to standard error.
  thread.stdout.on('data', (chunk: Buffer) => process.stderr.write(chunk));
  return thread;
};
