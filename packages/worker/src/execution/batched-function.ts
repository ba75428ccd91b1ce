/**
 * A function that is called with several instances at a time. It returns a list of results, or is a generator that
 * yields them one by one: then what it throws at one costs that instance only, and it is called again with the rest.
 */
import { ModelUser } from '../models/model-user.js';
import { isThenable } from './awaited.js';
import type { FunctionRun, Given } from './function-run.js';
import { KeptInputs } from './kept-inputs.js';
import { isIterator } from './returned-values.js';
import { Yielding } from './yielding.js';

/** @param batchSize most instances of a call; 0 for all there are */
export async function runBatchedFunction(run: FunctionRun, batchSize: number): Promise<void> {
  const instances = [...run.startable()];
  const size = batchSize === 0 ? instances.length : batchSize;
  for (let first = 0; first < instances.length; first += size) {
    const called = instances.slice(first, first + size);
    await callFor(run, called, called);
  }
}

/**
 * Calls the function for these instances, as often as it takes.
 * @param company what other calls may run for while this one waits, these instances included
 */
async function callFor(
  run: FunctionRun,
  instances: readonly number[],
  company: readonly number[],
): Promise<void> {
  let rest = instances;
  while (rest.length > 0) {
    if (run.context.isCancelled()) return;
    const called = [...run.startable(rest)];
    const kept = keptInputs(run, called);
    try {
      rest = called.length === 0 ? [] : await callWith(run, called, company);
      kept.restore(rest);
    } catch (thrown) {
      rest = [];
      await failedFor(run, called, kept, thrown);
    }
    run.context.progress();
  }
}

/**
 * What the function did concerns all that it was called with, and is the doing of one request as a rule: it is called
 * again for each, at once, so that those which make it wait do so together.
 */
async function failedFor(
  run: FunctionRun,
  called: readonly number[],
  kept: KeptInputs,
  thrown: unknown,
): Promise<void> {
  const requests = run.context.byRequest(called);
  if (requests.length > 1) {
    kept.restore(called);
    await Promise.all(requests.map((own) => callFor(run, own, called)));
  } else for (const instance of called) run.fail(instance, thrown);
}

/** One that was called for alone is not called for again. */
function keptInputs(run: FunctionRun, called: readonly number[]): KeptInputs {
  const kept = new KeptInputs();
  if (called.length > 1) for (const instance of called) kept.keep(instance, run.writableOf(instance));
  return kept;
}

/**
 * Calls the function with these instances; gives those that it has to be called with again.
 * @throws what concerns them all
 */
async function callWith(
  run: FunctionRun,
  instances: readonly number[],
  company: readonly number[],
): Promise<readonly number[]> {
  workOn(run, instances);
  const user = new ModelUser();
  const inputs = instances.map((instance) => run.argumentsOf(instance));
  let returned = user.run(() => run.stage.run(inputs));
  if (isThenable(returned)) {
    run.context.progress();
    workOn(run, company);
    returned = await run.settled(user, returned);
  }
  if (isIterator(returned)) {
    workOn(run, company);
    return takeYielded(run, instances, new Yielding(run, user, returned));
  }
  takeList(run, instances, returned);
  return [];
}

/** Should the thread not come back, these are to blame: all from the first to the last, in order. */
function workOn({ context }: FunctionRun, instances: readonly number[]): void {
  const first = instances[0]!;
  context.workOn(first, instances.at(-1)! - first + 1);
}

function takeList(run: FunctionRun, instances: readonly number[], returned: unknown): void {
  if (!Array.isArray(returned))
    throw new Error(
      `expected a list of ${results(instances)}, given ${returned === null ? 'null' : typeof returned}`,
    );
  if (returned.length !== instances.length)
    throw new Error(`expected ${results(instances)}, given ${returned.length}`);
  for (const [index, instance] of instances.entries()) run.take(instance, run.read(returned[index]));
}

async function takeYielded(
  run: FunctionRun,
  instances: readonly number[],
  yielding: Yielding,
): Promise<readonly number[]> {
  const yielded: Given[] = [];
  /** Only once it is known that there are as many as there should be: else they may be in wrong places. */
  const takeAll = () => {
    for (const [index, result] of yielded.entries()) run.take(instances[index]!, result);
  };
  for (const [index, instance] of instances.entries()) {
    if (run.context.isCancelled()) {
      yielding.end();
      return [];
    }
    let step: IteratorResult<unknown>;
    try {
      step = await yielding.next();
    } catch (thrown) {
      yielding.end();
      takeAll();
      run.fail(instance, thrown);
      return instances.slice(index + 1);
    }
    if (step.done === true) {
      const tooFew = new Error(`expected ${results(instances)}, given ${index}`);
      if (run.context.byRequest(instances).length > 1) throw tooFew;
      takeAll();
      for (const left of instances.slice(index)) run.fail(left, tooFew);
      return [];
    }
    yielded.push(run.read(step.value));
    run.context.progress();
  }
  await refuseMore(instances, yielding);
  takeAll();
  return [];
}

/** Results that belong to nobody say that the others are not in their places either. */
async function refuseMore(instances: readonly number[], yielding: Yielding): Promise<void> {
  const step = await yielding.next();
  if (step.done === true) return;
  yielding.end();
  throw new Error(`expected ${results(instances)}, given more`);
}

function results(instances: readonly number[]): string {
  const count = instances.length;
  return count === 1 ? '1 result for 1 instance' : `${count} results for ${count} instances`;
}
