/**
 * A function that is called with several instances at a time. It returns a list of results, or is a generator that
 * yields them one by one: then what it throws at one costs that instance only, and it is called again with the rest.
 */
import { isThenable, within } from './awaited.js';
import type { FunctionRun } from './function-run.js';

/** @param batchSize most instances of a call; 0 for all there are */
export async function runBatchedFunction(run: FunctionRun, batchSize: number): Promise<void> {
  const instances = [...run.startable()];
  const size = batchSize === 0 ? instances.length : batchSize;
  for (let first = 0; first < instances.length; first += size) {
    let rest = instances.slice(first, first + size);
    while (rest.length > 0) {
      if (run.context.isCancelled()) return;
      rest = [...run.startable(rest)];
      if (rest.length > 0) rest = await callWith(run, rest);
      run.context.progress();
    }
  }
}

/** Calls the function with these instances; gives those that it has to be called with again. */
async function callWith(run: FunctionRun, instances: readonly number[]): Promise<number[]> {
  const first = instances[0]!;
  run.context.workOn(first, instances.at(-1)! - first + 1);
  try {
    let returned = run.stage.run(instances.map((instance) => run.argumentsOf(instance)));
    if (isThenable(returned)) {
      run.context.progress();
      returned = await within(returned, run.timeoutMs);
    }
    if (isIterator(returned)) return await takeYielded(run, instances, returned);
    takeList(run, instances, returned);
  } catch (thrown) {
    for (const instance of instances) run.fail(instance, thrown);
  }
  return [];
}

function takeList(run: FunctionRun, instances: readonly number[], returned: unknown): void {
  if (!Array.isArray(returned))
    throw new Error(
      `expected a list of ${results(instances)}, given ${returned === null ? 'null' : typeof returned}`,
    );
  if (returned.length !== instances.length)
    throw new Error(`expected ${results(instances)}, given ${returned.length}`);
  for (const [index, instance] of instances.entries()) run.take(instance, returned[index]);
}

type AnyIterator = Iterator<unknown> | AsyncIterator<unknown>;

function isIterator(value: unknown): value is AnyIterator {
  return (
    typeof value === 'object' &&
    value !== null &&
    !Array.isArray(value) &&
    'next' in value &&
    typeof value.next === 'function'
  );
}

async function takeYielded(
  run: FunctionRun,
  instances: readonly number[],
  iterator: AnyIterator,
): Promise<number[]> {
  for (const [index, instance] of instances.entries()) {
    if (run.context.isCancelled()) {
      await iterator.return?.();
      return [];
    }
    let step: IteratorResult<unknown>;
    try {
      step = await next(run, iterator);
    } catch (thrown) {
      run.fail(instance, thrown);
      return instances.slice(index + 1);
    }
    if (step.done === true) {
      const tooFew = new Error(`expected ${results(instances)}, given ${index}`);
      for (const left of instances.slice(index)) run.fail(left, tooFew);
      return [];
    }
    run.take(instance, step.value);
    run.context.progress();
  }
  await refuseMore(run, instances, iterator);
  return [];
}

/** Results that belong to nobody say that the others are not in their places either. */
async function refuseMore(
  run: FunctionRun,
  instances: readonly number[],
  iterator: AnyIterator,
): Promise<void> {
  const step = await next(run, iterator);
  if (step.done !== true) throw new Error(`expected ${results(instances)}, given more`);
}

async function next(run: FunctionRun, iterator: AnyIterator): Promise<IteratorResult<unknown>> {
  const step = iterator.next();
  if (!isThenable(step)) return step;
  run.context.progress();
  return (await within(step, run.timeoutMs)) as IteratorResult<unknown>;
}

function results(instances: readonly number[]): string {
  const count = instances.length;
  return count === 1 ? '1 result for 1 instance' : `${count} results for ${count} instances`;
}
