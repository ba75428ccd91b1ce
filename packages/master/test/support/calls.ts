/** Short ways to make calls, and to see what became of them. */
import {
  Block,
  bytesColumn,
  Deadline,
  numericColumn,
  type CancelSignal,
  type Outcome,
  type Reply,
  type ReplySink,
} from '@serving/common';
import type { CallPart, PredictCall } from '../../src/call/predict-call.js';

/** A block of float32 scalars, one an instance. */
export function floats(...values: number[]): Block {
  return new Block(values.length, [
    numericColumn('x', 'float32', [], [new Uint8Array(Float32Array.from(values).buffer)]),
  ]);
}

/** A block of one instance with an input of this shape. */
export function shaped(...shape: number[]): Block {
  const bytes = new Uint8Array(4 * shape.reduce((a, b) => a * b, 1));
  return new Block(1, [numericColumn('x', 'float32', shape, [bytes])]);
}

/** A block of bytes, one an instance, as large as is said. */
export function blobs(...sizes: number[]): Block {
  return new Block(sizes.length, [
    bytesColumn(
      'x',
      'bytes',
      [],
      sizes.map((size) => new Uint8Array(size)),
    ),
  ]);
}

/** How a FakeReplica names an instance of `floats`. */
export function floatText(value: number): string {
  return `x:float32[]=${Buffer.from(Float32Array.of(value).buffer).toString('hex')}`;
}

/** The blocks one after the other. */
export function partsOf(blocks: readonly Block[]): CallPart[] {
  let first = 0;
  return blocks.map((block) => {
    const part = { first, block };
    first += block.count;
    return part;
  });
}

export class ManualSignal implements CancelSignal {
  aborted = false;
  #listeners: (() => void)[] = [];

  onAbort(listener: () => void): void {
    if (this.aborted) listener();
    else this.#listeners.push(listener);
  }

  abort(): void {
    this.aborted = true;
    for (const listener of this.#listeners.splice(0)) listener();
  }
}

/** Writes down the final outcome of each instance: `ok` with the text of output `y`, or the error's code. */
export class RecordingSink implements ReplySink {
  readonly outcomes = new Map<number, string>();
  readonly messages: string[] = [];
  readonly pieces: number[] = [];
  /** The same for each instance that had some. */
  readonly piecesOf = new Map<number, number[]>();
  /** Instances that were given something once more after their final outcome. */
  readonly repeated: number[] = [];

  reply({ first, count, last, outcome, sequence }: Reply): void {
    if (!last) {
      this.pieces.push(sequence);
      for (let i = first; i < first + count; i++)
        if (this.outcomes.has(i)) this.repeated.push(i);
        else this.piecesOf.set(i, [...(this.piecesOf.get(i) ?? []), sequence]);
      return;
    }
    if (!outcome.ok) this.messages.push(outcome.error.message);
    for (let i = 0; i < count; i++) {
      if (this.outcomes.has(first + i)) this.repeated.push(first + i);
      else this.outcomes.set(first + i, outcomeText(outcome, i));
    }
  }

  /** The outcomes by position; undefined where there is none yet. */
  get list(): (string | undefined)[] {
    const end = Math.max(-1, ...this.outcomes.keys()) + 1;
    return Array.from({ length: end }, (_, i) => this.outcomes.get(i));
  }
}

/** What became of instance `i` of a range with this outcome. */
export function outcomeText(outcome: Outcome, i: number): string {
  if (!outcome.ok) return outcome.error.code;
  const column = outcome.outputs.block.column('y')!;
  return column.kind === 'bytes'
    ? Buffer.from(column.elements[outcome.outputs.from + i]!).toString()
    : 'numeric';
}

export interface TestCall extends PredictCall {
  readonly sink: RecordingSink;
  readonly signal: ManualSignal;
}

let nextId = 1;

export function callOf(blocks: readonly Block[], more: Partial<PredictCall> = {}): TestCall {
  return {
    id: nextId++,
    parts: partsOf(blocks),
    retainedBytes: 10,
    arrivedAt: 0,
    deadline: Deadline.none,
    priority: 0,
    traceparent: '',
    ...more,
    sink: new RecordingSink(),
    signal: new ManualSignal(),
  };
}

/** A call of so many float instances. */
export function callOfSize(count: number, more: Partial<PredictCall> = {}): TestCall {
  return callOf([floats(...Array.from({ length: count }, (_, i) => i))], more);
}
