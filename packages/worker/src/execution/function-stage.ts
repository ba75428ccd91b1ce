/** A function stage: the author's function, called once per instance or with several at a time. */
import type { FunctionStageDefinition } from '../definition/definition.js';
import { ModelUser } from '../models/model-user.js';
import { isThenable } from './awaited.js';
import type { BatchValues } from './batch-values.js';
import { runBatchedFunction } from './batched-function.js';
import { FunctionRun } from './function-run.js';
import type { StageContext } from './stage-context.js';

export async function runFunctionStage(
  stage: FunctionStageDefinition,
  values: BatchValues,
  context: StageContext,
): Promise<void> {
  const run = new FunctionRun(stage, values, context);
  if (stage.batchSize === undefined) await runOneByOne(run);
  else await runBatchedFunction(run, stage.batchSize);
  run.finish();
}

/** Instances whose function waits for something wait together. */
async function runOneByOne(run: FunctionRun): Promise<void> {
  const { stage, context } = run;
  const waiting: Promise<void>[] = [];
  let first: number | undefined;
  let last = 0;
  for (const instance of run.startable()) {
    if (context.isCancelled()) break;
    context.workOn(instance, 1);
    const user = new ModelUser();
    try {
      const inputs = run.argumentsOf(instance);
      const returned = user.run(() => stage.run(...inputs));
      if (isThenable(returned)) {
        waiting.push(takeLater(run, instance, run.settled(user, returned)));
        first ??= instance;
        last = instance;
      } else run.take(instance, run.read(returned));
    } catch (thrown) {
      run.fail(instance, thrown);
    }
    context.progress();
  }
  // From here on any of them may be the one that runs, and blocks the thread.
  if (first !== undefined) context.workOn(first, last - first + 1);
  await Promise.all(waiting);
}

async function takeLater(run: FunctionRun, instance: number, settled: Promise<unknown>): Promise<void> {
  try {
    run.take(instance, run.read(await settled));
  } catch (thrown) {
    run.fail(instance, thrown);
  }
  run.context.progress();
}
