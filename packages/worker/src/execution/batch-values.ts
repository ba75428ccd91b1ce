/**
 * The values of a batch while its stages run: per slot one value for every instance, held as one column where all
 * instances agree in shape, or as rows. Instances that have failed are out; their error is kept.
 */
import {
  asElements,
  BytesTensor,
  contiguousBytes,
  ServingError,
  StringTensor,
  Tensor,
  type Block,
  type BytesColumn,
  type Column,
  type Port,
  type Value,
} from '@serving/common';
import { layoutOf, misfit, type ExpectedPort } from '../models/fit.js';
import { rowsOf, splitRows } from '../models/stacking.js';
import type { ModelTensor } from '../sessions/session.js';
import type { Deadlines } from './deadlines.js';
import { keepHere } from './shared-memory.js';

// A byte order mark is part of the text: what goes through a method comes out as it went in.
const decoder = new TextDecoder('utf-8', { ignoreBOM: true, fatal: true });

/** One slot: every instance's value. */
export class SlotValues {
  /** All instances stacked along dimension 0, when they have one dtype and shape and lie side by side. */
  readonly column: Tensor | undefined;
  /** The value that every instance has, where it is the same by the method's definition. */
  readonly constant: Value | undefined;
  #rows: (Value | undefined)[] | undefined;
  #isKeptHere = false;

  private constructor(column: Tensor | undefined, rows: (Value | undefined)[] | undefined, constant?: Value) {
    this.column = column;
    this.#rows = rows;
    this.constant = constant;
  }

  static ofColumn(column: Tensor): SlotValues {
    return new SlotValues(column, undefined);
  }

  /** What a model gave for all instances. */
  static ofStacked(stacked: ModelTensor): SlotValues {
    if (stacked instanceof Tensor) return new SlotValues(stacked, undefined);
    const rows = splitRows(stacked) as StringTensor[];
    return SlotValues.ofRows(rows.map((row) => (row.shape.length === 0 ? row.data[0] : row)));
  }

  /** One value for every instance. */
  static ofConstant(value: Value): SlotValues {
    return new SlotValues(undefined, undefined, value);
  }

  static ofRows(rows: (Value | undefined)[]): SlotValues {
    return new SlotValues(undefined, rows);
  }

  /** To be called before functions see the values. */
  keepHere(): void {
    if (this.#isKeptHere) return;
    this.#isKeptHere = true;
    if (this.column !== undefined) keepHere([this.column]);
    else if (this.constant !== undefined) keepHere([this.constant]);
    else keepHere(this.#rows!);
  }

  row(instance: number): Value {
    if (this.constant !== undefined) return this.constant;
    this.#rows ??= rowsOf(this.column!);
    const value = this.#rows[instance];
    if (value === undefined) throw new Error(`instance ${instance} has no value`);
    return value;
  }
}

const expiredError = new ServingError(
  'DEADLINE_EXCEEDED',
  "the caller's deadline passed before the instance was started",
);
const cutOffError = new ServingError(
  'DEADLINE_EXCEEDED',
  "the caller's deadline passed before the last response to the instance",
);

export const cancelledError = new ServingError(
  'CANCELLED',
  'the request was cancelled before it was finished',
);

/** Instances by their positions in the batch. */
export interface InstanceRange {
  readonly first: number;
  readonly count: number;
}

/** Until when callers wait. */
export interface Callers {
  readonly deadlines: Deadlines;
  /** Takes instances that nobody waits for any more; undefined when there are no more of them. */
  readonly takeCancelled: () => InstanceRange | undefined;
}

export class BatchValues {
  /** Number of instances. */
  readonly count: number;
  readonly #inputCount: number;
  readonly #slots: (SlotValues | undefined)[];
  readonly #errors: (ServingError | undefined)[];
  readonly #callers: Callers | undefined;
  /** Those whose responses have begun; made for the first one. */
  #begun: Set<number> | undefined;
  #failed = 0;
  /** Instances whose callers did not wait for them. */
  #leftOut = 0;

  /** @param sections the batch's blocks, with the method's inputs in any order */
  constructor(inputs: readonly Port[], slotCount: number, sections: readonly Block[], callers?: Callers) {
    this.#callers = callers;
    this.#inputCount = inputs.length;
    this.count = sections.reduce((sum, section) => sum + section.count, 0);
    this.#errors = Array.from({ length: this.count });
    this.#slots = Array.from({ length: slotCount });
    for (const [slot, port] of inputs.entries()) {
      const values = this.#readInput(port.name, sections);
      this.#slots[slot] = values;
      if (port.dtype !== undefined || port.shape !== undefined) this.#checkDeclared(slot, port, values);
    }
  }

  #readInput(name: string, sections: readonly Block[]): SlotValues {
    const columns = sections.map((section) => columnOf(section, name));
    const [first] = columns;
    if (columns.length === 1 && first!.kind === 'numeric')
      return SlotValues.ofColumn(stackedColumn(first!, sections[0]!.count));
    const rows: (Value | undefined)[] = [];
    for (const [index, column] of columns.entries()) {
      const { count } = sections[index]!;
      if (column.kind === 'numeric') rows.push(...rowsOf(stackedColumn(column, count)));
      else for (let i = 0; i < count; i++) rows.push(this.#element(rows.length, column, i));
    }
    return SlotValues.ofRows(rows);
  }

  /** An instance's texts or byte strings; undefined when they are none, and the instance has failed. */
  #element(instance: number, column: BytesColumn, index: number): Value | undefined {
    try {
      return elementOf(column, index);
    } catch (thrown) {
      this.fail(instance, ServingError.from(thrown));
      return undefined;
    }
  }

  #checkDeclared(index: number, port: Port, values: SlotValues): void {
    for (const instance of this.alive()) {
      const { dtype, shape } = layoutOf(values.row(instance));
      const expected: ExpectedPort = {
        name: port.name,
        dtype: port.dtype ?? dtype,
        shape: port.shape ?? shape,
      };
      const problem = misfit('method', index, expected, dtype, shape) ?? tooLong(port, shape);
      if (problem !== undefined) this.fail(instance, problem);
      else if (values.column !== undefined) return;
    }
  }

  /** Whether the slot has what callers have sent. */
  isInput(slot: number): boolean {
    return slot < this.#inputCount;
  }

  slot(slot: number): SlotValues {
    const values = this.#slots[slot];
    if (values === undefined) throw new Error(`slot ${slot} is read before it is written`);
    return values;
  }

  set(slot: number, values: SlotValues): void {
    this.#slots[slot] = values;
  }

  fail(instance: number, error: ServingError): void {
    if (this.#errors[instance] !== undefined) return;
    this.#errors[instance] = error;
    this.#failed++;
  }

  failAll(error: ServingError): void {
    for (let i = 0; i < this.count; i++) this.fail(i, error);
  }

  errorOf(instance: number): ServingError | undefined {
    return this.#errors[instance];
  }

  /** Those whose callers do not wait any more, or have no time left, fail, if they have not yet. */
  expire(): void {
    if (this.#callers === undefined) return;
    const { deadlines, takeCancelled } = this.#callers;
    for (let gone = takeCancelled(); gone !== undefined; gone = takeCancelled()) {
      for (let i = 0; i < gone.count; i++) this.fail(gone.first + i, cancelledError);
      this.#leftOut += gone.count;
    }
    for (let late = deadlines.takePassed(); late !== undefined; late = deadlines.takePassed()) {
      for (let instance = late.from; instance < late.to; instance++)
        this.fail(instance, this.#begun?.has(instance) === true ? cutOffError : expiredError);
      this.#leftOut += late.to - late.from;
    }
  }

  /** The instance has been started, and may be worked on for as long as its caller waits. */
  begin(instance: number): void {
    (this.#begun ??= new Set()).add(instance);
  }

  /** Whether any caller has given up, or has run out of time. */
  get anyLeftOut(): boolean {
    return this.#leftOut > 0;
  }

  get anyFailed(): boolean {
    return this.#failed > 0;
  }

  get allFailed(): boolean {
    return this.#failed === this.count;
  }

  /** Instances that have not failed, in order. */
  *alive(): Generator<number> {
    for (let i = 0; i < this.count; i++) if (this.#errors[i] === undefined) yield i;
  }

  /** Of these, or all, those that may be started when their turn comes: not failed, and with a caller that waits. */
  *startable(instances: Iterable<number> = this.alive()): Generator<number> {
    for (const instance of instances) if (this.isWanted(instance)) yield instance;
  }

  /** Whether it has not failed, and its caller waits. */
  isWanted(instance: number): boolean {
    this.expire();
    return this.#errors[instance] === undefined;
  }
}

/** Why a padded input has no size that holds it. */
function tooLong({ name, padding }: Port, shape: readonly number[]): ServingError | undefined {
  if (padding === undefined) return undefined;
  const [given, most] = [shape[padding.dimension] ?? 1, padding.sizes.at(-1)!];
  if (given <= most) return undefined;
  return new ServingError(
    'INPUT_MISMATCH',
    `input ${name}: expected at most ${most} in dimension ${padding.dimension}, the largest size it is padded to; given ${given}`,
  );
}

function columnOf(section: Block, name: string): Column {
  const column = section.column(name);
  if (column === undefined)
    throw new ServingError('FRAME_INVALID', `the batch has no column for input ${name}`);
  return column;
}

function stackedColumn(column: Extract<Column, { kind: 'numeric' }>, count: number): Tensor {
  const elements = asElements(column.dtype, contiguousBytes(column, 0, count));
  return new Tensor(column.dtype, [count, ...column.shape], elements);
}

/** One text or byte string without dimensions is a plain value. */
function elementOf({ name, dtype, shape, elements, elementsPerInstance }: BytesColumn, index: number): Value {
  const own = elements.slice(index * elementsPerInstance, (index + 1) * elementsPerInstance);
  if (dtype === 'bytes') return shape.length === 0 ? own[0]! : new BytesTensor(shape, own);
  const texts = own.map((bytes) => textOf(name, bytes));
  return shape.length === 0 ? texts[0]! : new StringTensor(shape, texts);
}

function textOf(name: string, bytes: Uint8Array): string {
  try {
    return decoder.decode(bytes);
  } catch {
    throw new ServingError('INVALID_TENSOR', `input ${name}: expected text in UTF-8, given other bytes`);
  }
}
