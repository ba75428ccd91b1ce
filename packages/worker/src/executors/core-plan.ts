/** How many executors with how many threads each: one core per executor unless told otherwise. */
import { totalmem } from 'node:os';
import type { CoreCount } from './cores.js';

export interface CorePlan {
  readonly executors: number;
  /** Threads inside one model run. */
  readonly intraOpThreads: number;
  readonly cores: number;
  /** One line for people. */
  readonly summary: string;
}

export interface PlanRequest {
  readonly available: CoreCount;
  /** Cores to use; undefined for all that are available. */
  readonly cores?: number | undefined;
  /** Executors; undefined for one per core, as far as memory allows. */
  readonly executors?: number | undefined;
  /** Bytes of all model files: every executor holds sessions of its own, and sessions do not share weights. */
  readonly weightBytes: number;
  /** @default the machine's memory, or the container's limit when it is smaller */
  readonly memoryBytes?: number;
}

/** The process's memory: `process.constrainedMemory()` is the container's limit, 0 or huge when there is none. */
function usableMemory(): number {
  const limit = process.constrainedMemory();
  return limit > 0 ? Math.min(limit, totalmem()) : totalmem();
}

/** Executors whose weights fit: half of the memory leaves room for activations, requests and the rest of the process. */
export function executorsThatFit(weightBytes: number, memoryBytes = usableMemory()): number {
  return weightBytes === 0 ? Infinity : Math.max(1, Math.floor(memoryBytes / 2 / weightBytes));
}

export function planCores(request: PlanRequest): CorePlan {
  const { available, weightBytes, memoryBytes } = request;
  const cores = request.cores ?? available.cores;
  const fitting = executorsThatFit(weightBytes, memoryBytes);
  const executors = request.executors ?? Math.min(cores, fitting);
  const intraOpThreads = Math.max(1, Math.floor(cores / executors));
  const limited = request.executors === undefined && fitting < cores ? ', limited by memory' : '';
  const quota = available.quota === undefined ? '' : `, quota ${available.quota}`;
  const summary =
    `${executors} executor${executors === 1 ? '' : 's'} x ${intraOpThreads} thread${intraOpThreads === 1 ? '' : 's'}` +
    ` on ${cores} of ${available.offered} cores${quota}${limited}; weights ${executors} x ${mebibytes(weightBytes)} MiB`;
  return { executors, intraOpThreads, cores, summary };
}

function mebibytes(bytes: number): string {
  return (bytes / 2 ** 20).toFixed(bytes < 2 ** 20 ? 3 : 1);
}
