/** How much may wait: of one method, and, above it, of all methods together. */
import type { QueueDepth } from '../call/method-route.js';
import type { QueueLimits, TotalLimits } from './batch-limits.js';

/** Options that set the limits, for whoever may set them. */
type Flags = Readonly<Record<keyof QueueDepth, string>>;

const methodFlags: Flags = {
  instances: '--max-queue-instances',
  bytes: '--max-queue-mb',
  requests: '--max-queue-requests',
};
const totalFlags: Flags = {
  instances: '--max-total-instances',
  bytes: '--max-total-mb',
  requests: '--max-total-requests',
};

export class QueueBudget implements QueueDepth {
  readonly #most: QueueDepth;
  readonly #flags: Flags;
  readonly #whole: QueueBudget | undefined;
  #instances = 0;
  #bytes = 0;
  #requests = 0;

  private constructor(most: QueueDepth, flags: Flags, whole?: QueueBudget) {
    this.#most = most;
    this.#flags = flags;
    this.#whole = whole;
  }

  static ofAll(limits: TotalLimits): QueueBudget {
    const { maxTotalInstances: instances, maxTotalBytes: bytes, maxTotalRequests: requests } = limits;
    return new QueueBudget({ instances, bytes, requests }, totalFlags);
  }

  static ofMethod(limits: QueueLimits, whole?: QueueBudget): QueueBudget {
    const { maxQueueInstances: instances, maxQueueBytes: bytes, maxQueueRequests: requests } = limits;
    return new QueueBudget({ instances, bytes, requests }, methodFlags, whole);
  }

  get instances(): number {
    return this.#instances;
  }

  get requests(): number {
    return this.#requests;
  }

  get bytes(): number {
    return this.#bytes;
  }

  /** Whether a request is too much even when nothing waits. */
  isBeyond(instances: number, bytes: number): boolean {
    const most = this.#most;
    if (instances > most.instances || bytes > most.bytes) return true;
    return this.#whole?.isBeyond(instances, bytes) ?? false;
  }

  /** Why a request is too much, in MindSpore Serving's words and with both numbers; undefined when there is room. */
  shortage(instances: number, bytes: number): string | undefined {
    const most = this.#most;
    if (this.#instances + instances > most.instances)
      return this.#text(String(most.instances), 'instances', this.#instances, instances);
    if (this.#bytes + bytes > most.bytes)
      return this.#text(`of ${most.bytes} bytes`, 'bytes', this.#bytes, bytes);
    if (this.#requests + 1 > most.requests)
      return this.#text(`of ${most.requests} requests`, 'requests', this.#requests, 1);
    return this.#whole?.shortage(instances, bytes);
  }

  #text(limit: string, unit: keyof QueueDepth, waiting: number, given: number): string {
    const ofWhat = this.#flags === totalFlags ? ' of all methods' : '';
    return `Serving Error: enqueued requests count exceeds the limit ${limit}; ${waiting} ${unit}${ofWhat} wait and ${given} more are given, expected at most ${this.#most[unit]} in all (${this.#flags[unit]})`;
  }

  take(instances: number, bytes: number): void {
    this.#add(instances, bytes, 1);
  }

  /** Some of a request's instances wait no more. */
  giveInstances(instances: number): void {
    this.#add(-instances, 0, 0);
  }

  /** Nothing of a request waits any more. */
  giveRequest(bytes: number): void {
    this.#add(0, -bytes, -1);
  }

  #add(instances: number, bytes: number, requests: number): void {
    this.#instances += instances;
    this.#bytes += bytes;
    this.#requests += requests;
    if (this.#whole !== undefined) this.#whole.#add(instances, bytes, requests);
  }
}
