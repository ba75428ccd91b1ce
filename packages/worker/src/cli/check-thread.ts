/** The thread of `serving-worker check`: loads the servable as an executor does, runs its models, and says what it is. */
import { parentPort, workerData } from 'node:worker_threads';
import { ServingError, stackOf } from '@serving/common';
import { ThreadControlView } from '../executors/control-word.js';
import { zeroInputs } from '../models/warm-up.js';
import { loadServable, type LoadedServable } from '../servables/load-servable.js';
import type { CheckMessage, CheckStart } from './check-messages.js';
import { describeServable, type TimedRun } from './describe-servable.js';
import { stageWarnings } from './stage-warnings.js';

const { load, plan, control: shared } = workerData as CheckStart;
const control = new ThreadControlView(shared);

async function check(): Promise<CheckMessage> {
  try {
    const loaded = await loadServable(load, control);
    post({ kind: 'loaded' });
    const text = describeServable(loaded, plan, await timedRuns(loaded));
    return { kind: 'described', text, warnings: stageWarnings(loaded.methods.values()) };
  } catch (thrown) {
    const { code, message, cause } = ServingError.from(thrown);
    return { kind: 'failed', code, message, stack: stackOf(cause) };
  }
}

async function timedRuns({ models }: LoadedServable): Promise<ReadonlyMap<string, TimedRun>> {
  const runs = new Map<string, TimedRun>();
  for (const { graphs } of models.values()) {
    for (const { file, session } of graphs) {
      try {
        const times: number[] = [];
        for (let run = 0; run < 2; run++) {
          const started = performance.now();
          await session.run(zeroInputs(session));
          times.push(performance.now() - started);
        }
        runs.set(file, { firstMs: times[0]!, secondMs: times[1]! });
      } catch (thrown) {
        runs.set(file, { failure: ServingError.from(thrown).message });
      }
    }
  }
  return runs;
}

function post(message: CheckMessage): void {
  parentPort!.postMessage(message, []);
}

/** The main thread takes what is printed piece by piece; it ends this one as soon as it has the result. */
function flushed(stream: NodeJS.WriteStream): Promise<void> {
  return new Promise((resolve) => {
    stream.write('', () => resolve());
  });
}

const outcome = await check();
await Promise.all([process.stdout, process.stderr].map(flushed));
post(outcome);
