/** How a method wants its instances put into batches, as its servable declares it. */

/** What is undefined is as the master has it for all methods. */
export interface Batching {
  /** Most instances in a batch. */
  readonly maxBatchSize?: number;
  /** Most payload bytes in a batch; a single larger instance still travels alone. */
  readonly maxBatchBytes?: number;
  /** Sizes the method runs best at, ascending: a batch is of the largest of them for which enough instances wait. */
  readonly preferredBatchSizes?: readonly number[];
  /** How long an instance may wait for a fuller batch while a replica could run it, in milliseconds. */
  readonly maxQueueDelayMs?: number;
  /** Longest time a batch may be predicted to run, in milliseconds; it is made smaller instead. */
  readonly maxBatchTimeMs?: number;
  /** Time from arrival to answer that batch size and delay are chosen for, in milliseconds. */
  readonly latencyTargetMs?: number;
  /** Priority of requests that name none; higher goes first. */
  readonly priority?: number;
  /** Share of the executors' time beside other methods of the servable, relative to theirs. */
  readonly weight?: number;
  /** Whether work whose remaining time is shorter than it is predicted to run is refused instead of started. */
  readonly refuseLate?: boolean;
  /** Whether a batch holds only instances whose inputs have equal shapes. */
  readonly sameShapes?: boolean;
}

type Rule = readonly [expected: string, isRight: (value: unknown) => boolean];

const most = 1_000_000_000;
/** Sizes in a list; more are nobody's wish. */
const mostSizes = 64;
const isSize = (value: unknown): value is number =>
  Number.isSafeInteger(value) && (value as number) >= 1 && (value as number) <= most;
const isBetween = (least: number, greatest: number) => (value: unknown) =>
  typeof value === 'number' && value >= least && value <= greatest;
const size: Rule = [`a whole number from 1 to ${most}`, isSize];
const dayMs = 86_400_000;
const time: Rule = [`milliseconds above 0, up to a day (${dayMs})`, isBetween(Number.MIN_VALUE, dayMs)];
const flag: Rule = ['true or false', (value) => typeof value === 'boolean'];

/** Request header with the priority that a caller asks for. */
export const priorityHeader = 'serving-priority';

/** Priorities are from its negative to this. */
export const mostPriority = 1000;

const rules: Readonly<Record<keyof Batching, Rule>> = {
  maxBatchSize: size,
  maxBatchBytes: [
    `a whole number from 1 to ${Number.MAX_SAFE_INTEGER}`,
    (value) => Number.isSafeInteger(value) && (value as number) >= 1,
  ],
  preferredBatchSizes: [
    `up to ${mostSizes} whole numbers from 1 to ${most}, each greater than the one before`,
    isAscending,
  ],
  maxQueueDelayMs: [`milliseconds from 0, up to a day (${dayMs})`, isBetween(0, dayMs)],
  maxBatchTimeMs: time,
  latencyTargetMs: time,
  priority: [
    `a whole number from -${mostPriority} to ${mostPriority}`,
    (value) => Number.isInteger(value) && Math.abs(value as number) <= mostPriority,
  ],
  weight: ['a number from 0.001 to 1000', isBetween(0.001, 1000)],
  refuseLate: flag,
  sameShapes: flag,
};

export const batchingOptions = Object.keys(rules) as (keyof Batching)[];

/** Whether a value is a list of sizes, each greater than the one before. */
export function isAscending(value: unknown): value is readonly number[] {
  if (!Array.isArray(value) || value.length === 0) return false;
  if (value.length > mostSizes) return false;
  return value.every((one, index) => isSize(one) && (index === 0 || one > value[index - 1]));
}

/** All that is wrong with how batches are to be formed; undefined when nothing is. Unknown options are not looked at. */
export function batchingProblem(given: Readonly<Record<string, unknown>>): string | undefined {
  const problems = batchingOptions.flatMap((name) => {
    const value = given[name];
    const [expected, isRight] = rules[name];
    return value === undefined || isRight(value)
      ? []
      : [`${name}: expected ${expected}, given ${JSON.stringify(value)}`];
  });
  const { maxBatchSize, preferredBatchSizes } = given as Batching;
  const largest = isAscending(preferredBatchSizes) ? preferredBatchSizes.at(-1)! : 0;
  if (isSize(maxBatchSize) && largest > maxBatchSize)
    problems.push(`preferredBatchSizes: expected none above maxBatchSize ${maxBatchSize}, given ${largest}`);
  return problems.length === 0 ? undefined : problems.join('; ');
}
