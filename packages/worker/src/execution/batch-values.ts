/**
 * The values of a batch while its stages run: per slot one value for every instance, held as one column where all
 * instances agree in shape, or as rows. Instances that have failed are out; their error is kept.
 */
import {
  asBytes,
  asElements,
  contiguousBytes,
  ServingError,
  Tensor,
  typedArrayConstructor,
  type Block,
  type Column,
  type Value,
} from '@serving/common';

// A byte order mark is part of the text: what goes through a method comes out as it went in.
const decoder = new TextDecoder('utf-8', { ignoreBOM: true });

/** One slot: every instance's value. */
export class SlotValues {
  /** All instances stacked along dimension 0, when they have one dtype and shape and lie side by side. */
  readonly column: Tensor | undefined;
  #rows: (Value | undefined)[] | undefined;

  private constructor(column: Tensor | undefined, rows: (Value | undefined)[] | undefined) {
    this.column = column;
    this.#rows = rows;
  }

  static ofColumn(column: Tensor): SlotValues {
    return new SlotValues(column, undefined);
  }

  static ofRows(rows: (Value | undefined)[]): SlotValues {
    return new SlotValues(undefined, rows);
  }

  row(instance: number): Value {
    this.#rows ??= rowsOf(this.column!);
    const value = this.#rows[instance];
    if (value === undefined) throw new Error(`instance ${instance} has no value`);
    return value;
  }
}

/** Each instance of a stacked tensor, as views. */
export function rowsOf(stacked: Tensor): Tensor[] {
  const [count = 0, ...shape] = stacked.shape;
  const size = count === 0 ? 0 : stacked.data.length / count;
  const rows: Tensor[] = [];
  for (let i = 0; i < count; i++)
    rows.push(new Tensor(stacked.dtype, shape, stacked.data.subarray(i * size, (i + 1) * size)));
  return rows;
}

/** Stacks tensors of one dtype and shape along a new dimension 0, up to `padTo` by repeating the last one. */
export function stack(rows: readonly Tensor[], padTo = rows.length): Tensor {
  const { dtype, shape, data } = rows[0]!;
  const stacked = new (typedArrayConstructor(dtype))(data.length * padTo);
  const bytes = asBytes(stacked);
  for (let i = 0; i < padTo; i++)
    bytes.set(asBytes(rows[Math.min(i, rows.length - 1)]!.data), i * data.byteLength);
  return new Tensor(dtype, [padTo, ...shape], stacked);
}

export class BatchValues {
  /** Number of instances. */
  readonly count: number;
  readonly #slots: (SlotValues | undefined)[];
  readonly #errors: (ServingError | undefined)[];
  #failed = 0;

  /** @param sections the batch's blocks, with the method's inputs in any order */
  constructor(inputs: readonly string[], slotCount: number, sections: readonly Block[]) {
    this.count = sections.reduce((sum, section) => sum + section.count, 0);
    this.#errors = Array.from({ length: this.count });
    this.#slots = Array.from({ length: slotCount });
    for (const [slot, name] of inputs.entries()) this.#slots[slot] = readInput(name, sections);
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
}

function readInput(name: string, sections: readonly Block[]): SlotValues {
  const columns = sections.map((section) => columnOf(section, name));
  const [first] = columns;
  if (columns.length === 1 && first!.kind === 'numeric')
    return SlotValues.ofColumn(stackedColumn(first!, sections[0]!.count));
  const rows: Value[] = [];
  for (const [index, column] of columns.entries()) rows.push(...columnRows(column, sections[index]!.count));
  return SlotValues.ofRows(rows);
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

function columnRows(column: Column, count: number): Value[] {
  if (column.kind === 'numeric') return rowsOf(stackedColumn(column, count));
  return column.elements.map((element) => (column.dtype === 'string' ? decoder.decode(element) : element));
}
