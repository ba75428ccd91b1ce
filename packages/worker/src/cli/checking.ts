/**
 * The main thread's side of `serving-worker check`. A configuration may do anything: wait for ever, stand still, end its
 * process, print. In a thread it does so to itself, as it would at a worker.
 */
import { setTimeout as delay } from 'node:timers/promises';
import type { Worker } from 'node:worker_threads';
import { firstLine, ServingError } from '@serving/common';
import { ThreadControl } from '../executors/control-word.js';
import { threadOf } from '../executors/executor-thread.js';
import type { CheckMessage, CheckStart, Description } from './check-messages.js';
import { markStuck } from './exit.js';

/** How long the thread may take to come out of native code before only killing the process ends it. */
const stuckAfterMs = 10_000;
const nativeCheckMs = 20;

/**
 * What the servable is, in words.
 * @param limitMs longest time that loading may take, and the runs of its models as long again
 * @throws ServingError LOAD_FAILED
 */
export async function described(start: Omit<CheckStart, 'control'>, limitMs: number): Promise<Description> {
  const control = new ThreadControl();
  const data: CheckStart = { ...start, control: control.shared };
  const thread = threadOf(new URL('./check-thread.js', import.meta.url), 'check', data);
  const ended = new Promise<void>((resolve) => thread.once('exit', () => resolve()));
  try {
    return await outcomeOf(thread, limitMs, (what) => loadFailed(start, what));
  } finally {
    await end(thread, control, ended);
  }
}

function outcomeOf(
  thread: Worker,
  limitMs: number,
  failed: (what: string) => ServingError,
): Promise<Description> {
  return new Promise((resolve, reject) => {
    const late = (what: string) => () =>
      reject(failed(`${what} did not finish within ${limitMs} ms; --load-timeout gives it longer`));
    let timer = setTimeout(late('loading'), limitMs);
    let crash: { readonly thrown: unknown } | undefined;
    thread.on('message', (message: unknown) => {
      // A configuration reaches the thread's port too, and may send anything.
      if (typeof message !== 'object' || message === null) return;
      const said = message as CheckMessage;
      if (said.kind === 'described') resolve(said);
      if (said.kind === 'failed')
        reject(new ServingError(said.code, said.message, { cause: { stack: said.stack } }));
      if (said.kind !== 'loaded') return;
      clearTimeout(timer);
      timer = setTimeout(late('the runs of its models'), limitMs);
    });
    thread.once('error', (thrown: unknown) => (crash = { thrown }));
    thread.once('exit', (code) => {
      clearTimeout(timer);
      const reason = crash === undefined ? `exit code ${code}` : firstLine(crash.thrown);
      reject(failed(`the executor thread ended while it loaded the servable (${reason})`));
    });
  });
}

function loadFailed({ load }: Pick<CheckStart, 'load'>, what: string): ServingError {
  return new ServingError('LOAD_FAILED', `servable ${load.servable} version ${load.version}: ${what}`);
}

/** What it has printed has arrived then, too. */
async function end(thread: Worker, control: ThreadControl, ended: Promise<void>): Promise<void> {
  const giveUpAt = performance.now() + stuckAfterMs;
  while (!control.claimTermination()) {
    if (performance.now() > giveUpAt) return markStuck();
    if (await Promise.race([ended.then(() => true), delay(nativeCheckMs, false)])) return;
  }
  await thread.terminate();
}
