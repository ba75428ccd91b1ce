/** What was measured, in words and as JSON: what `serving-worker tune` prints. */
import { formatDuration, type MethodSignature } from '@serving/common';
import type { Measurement } from '../tuning/best-measurement.js';

export interface Tuned {
  readonly servable: string;
  readonly directory: string;
  /** As it was asked for: 0 for the newest. */
  readonly version: number;
  readonly deviceType: string;
  /** Undefined when no plan was loaded. */
  readonly method: MethodSignature | undefined;
  readonly hasConfig: boolean;
  readonly latency: number | undefined;
  readonly measured: readonly Measurement[];
  readonly best: Measurement | undefined;
}

const header = ['EXECUTORS', 'THREADS', 'BATCH', 'INSTANCES/S', 'P50 MS', 'P99 MS', 'MEMORY MIB'];

export function describeTuning(tuned: Tuned): string {
  const { measured, best, method } = tuned;
  if (method === undefined || measured.length === 0) return 'nothing was measured\n';
  const rows = measured.map((measurement) => [...cells(measurement), measurement === best ? 'best' : '']);
  return `${table([[...header, ''], ...rows])}\n${conclusion(tuned, method)}`;
}

function cells(one: Measurement): string[] {
  const { executors, intraOpThreads, batchSize, instancesPerSecond, p50Ms, p99Ms, memoryMib } = one;
  const whole = [executors, intraOpThreads, batchSize, Math.round(instancesPerSecond)].map(String);
  return [...whole, p50Ms.toFixed(2), p99Ms.toFixed(2), memoryMib.toFixed(0)];
}

function table(rows: readonly (readonly string[])[]): string {
  const widths = rows[0]!.map((_, column) => Math.max(...rows.map((row) => row[column]!.length)));
  return rows
    .map(
      (row) =>
        `${row
          .map((cell, column) => cell.padStart(widths[column]!))
          .join('  ')
          .trimEnd()}\n`,
    )
    .join('');
}

function conclusion(tuned: Tuned, method: MethodSignature): string {
  const { best, latency, measured } = tuned;
  if (best === undefined) {
    const least = Math.min(...measured.map(({ p99Ms }) => p99Ms)).toFixed(2);
    return `no plan keeps 99 of 100 batches within ${formatDuration(latency!)}; the least is ${least} ms\n`;
  }
  const lines = [
    `best${latency === undefined ? '' : ` within ${formatDuration(latency)}`}: ${workerCommand(tuned, best)}`,
    batchAdvice(tuned, method, best),
  ];
  return lines.map((line) => `${line}\n`).join('');
}

/** The plan as options: a worker divides its cores over its executors. */
function workerCommand(
  { servable, directory, version, deviceType }: Tuned,
  { executors, intraOpThreads }: Measurement,
): string {
  const words = ['serving-worker', '--servable', servable, '--directory', directory];
  if (version !== 0) words.push('--version', String(version));
  if (deviceType !== 'cpu') words.push('--device-type', deviceType);
  words.push('--executors', String(executors), '--cores', String(executors * intraOpThreads));
  return words.map(shellWord).join(' ');
}

function shellWord(word: string): string {
  return /^[\w./:@=-]+$/.test(word) ? word : `'${word.replaceAll("'", String.raw`'\''`)}'`;
}

function batchAdvice({ hasConfig }: Tuned, method: MethodSignature, best: Measurement): string {
  const { maxBatchSize, preferredBatchSizes } = batchingOf(method, best);
  if (!hasConfig)
    return `and for batches of ${maxBatchSize}: serving-master --max-batch-size ${maxBatchSize}`;
  const preferred =
    preferredBatchSizes === undefined ? '' : `, preferredBatchSizes: [${preferredBatchSizes.join(', ')}]`;
  return `and in registerMethod('${method.name}', …): batching: { maxBatchSize: ${maxBatchSize}${preferred} }`;
}

/** A model that takes a fixed number of instances at a time runs best with a multiple of it. */
function batchingOf({ modelBatchSize }: MethodSignature, { batchSize }: Measurement) {
  if (modelBatchSize <= 1) return { maxBatchSize: batchSize };
  const runs = Math.floor(batchSize / modelBatchSize);
  const preferredBatchSizes = Array.from({ length: runs }, (_, run) => (run + 1) * modelBatchSize);
  return { maxBatchSize: batchSize, preferredBatchSizes };
}

export function tuningJson(tuned: Tuned): string {
  const { servable, method, measured, best } = tuned;
  const advice =
    best === undefined || method === undefined
      ? null
      : { ...best, command: workerCommand(tuned, best), batching: batchingOf(method, best) };
  return `${JSON.stringify({ servable, method: method?.name ?? null, plans: measured, best: advice }, null, 2)}\n`;
}
