/**
 * What a server holds of requests that are still on their way: all of them together are bounded in bytes, and each in
 * time. Replies that are on theirs are bounded in time by the same sweep.
 */
import { LinkedList, type Linked } from '../collection/linked-list.js';
import { systemClock, type Clock } from '../timing/clock.js';

export interface UnfinishedLimits {
  /** Bytes of all unfinished requests of the server together. */
  readonly maxBytes: number;
  /** Time for a request to arrive in full, in milliseconds, however small it is. */
  readonly graceMs: number;
}

/** Requests on their way: at least this many bytes, and as many of the largest messages. */
const leastUnfinishedBytes = 256 * 2 ** 20;
const unfinishedMessages = 4;
const unfinishedGraceMs = 60_000;

/** The limits of a server whose messages may have this many bytes. */
export function unfinishedLimits(maxMessageBytes: number): UnfinishedLimits {
  return {
    maxBytes: Math.max(leastUnfinishedBytes, unfinishedMessages * maxMessageBytes),
    graceMs: unfinishedGraceMs,
  };
}

/** About what a call takes beside its headers. */
const callBytes = 2048;
/** Beyond its grace a request gets a second for each of these; a slower sender is taken for one that never ends. */
const slowestBytesPerSecond = 64 * 1024;
export const sweepsPerGrace = 12;

/** Time that a request gets of which so many bytes have arrived. */
export function arrivalTimeMs(graceMs: number, bytes: number): number {
  return graceMs + (bytes / slowestBytesPerSecond) * 1000;
}

/** What is looked at in every sweep. */
export interface Swept extends Linked<Swept> {
  endIfLate(): void;
}

export class UnfinishedRequests {
  readonly limits: UnfinishedLimits;
  readonly #clock: Clock;
  readonly #open = new LinkedList<Swept>();
  #isSweeping = false;
  bytes = 0;
  /** When it was swept last: near enough for when a request began, and free. */
  sweptAt: number;

  constructor(limits: UnfinishedLimits, clock: Clock = systemClock) {
    this.limits = limits;
    this.#clock = clock;
    this.sweptAt = clock.now();
  }

  add(swept: Swept): void {
    this.#open.add(swept);
    if (this.#isSweeping) return;
    this.sweptAt = this.#clock.now();
    this.#armSweep();
  }

  remove(swept: Swept): void {
    this.#open.delete(swept);
  }

  #armSweep(): void {
    this.#isSweeping = this.#open.size > 0;
    if (!this.#isSweeping) return;
    this.#clock.after(this.limits.graceMs / sweepsPerGrace, () => {
      this.sweptAt = this.#clock.now();
      for (const swept of this.#open.members()) swept.endIfLate();
      this.#armSweep();
    });
  }
}

/** Whose request it is. */
export interface UnfinishedCall {
  /** Nothing is expected of the caller now: a stream between its messages, or one that is not read. */
  readonly isIdle: boolean;
  /** Ends the call. */
  refuse(why: string): void;
}

/** A unary request until its sender half-closes; a stream as long as it lives, of which one message is on its way. */
export class UnfinishedRequest implements Swept {
  previous: Swept | undefined;
  next: Swept | undefined;
  list: LinkedList<Swept> | undefined;
  readonly #all: UnfinishedRequests;
  readonly #call: UnfinishedCall;
  readonly #ownBytes: number;
  #bytes: number;
  #since: number;

  /** @param headerBytes of the request's headers */
  constructor(all: UnfinishedRequests, call: UnfinishedCall, headerBytes: number) {
    this.#all = all;
    this.#call = call;
    this.#ownBytes = callBytes + headerBytes;
    this.#bytes = this.#ownBytes;
    this.#since = all.sweptAt;
    all.bytes += this.#ownBytes;
    all.add(this);
  }

  /** Memory was made for what has come of it. */
  charge(bytes: number): void {
    if (this.list === undefined) return;
    this.#bytes += bytes;
    this.#all.bytes += bytes;
    this.refuseIfTooMany();
  }

  refuseIfTooMany(): void {
    const { maxBytes } = this.#all.limits;
    if (this.#all.bytes > maxBytes)
      this.#refuse(`requests on their way to this server hold more than ${maxBytes} bytes; try again later`);
  }

  /** A message of a stream has begun: its time counts from now. */
  begin(): void {
    this.#since = this.#all.sweptAt;
  }

  /** So many bytes of what was charged are somebody else's now, or gone. */
  discharge(bytes: number): void {
    if (this.list === undefined) return;
    this.#bytes -= bytes;
    this.#all.bytes -= bytes;
  }

  endIfLate(): void {
    if (this.#call.isIdle) {
      this.#since = this.#all.sweptAt;
      return;
    }
    const { graceMs } = this.#all.limits;
    const allowedMs = arrivalTimeMs(graceMs, this.#bytes);
    if (this.#all.sweptAt - this.#since > allowedMs)
      this.#refuse(`the request did not arrive in full within ${Math.round(allowedMs)} ms`);
  }

  #refuse(why: string): void {
    this.release();
    this.#call.refuse(why);
  }

  release(): void {
    if (this.list === undefined) return;
    this.#all.bytes -= this.#bytes;
    this.#all.remove(this);
  }
}
