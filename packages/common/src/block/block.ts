/**
 * A block: n instances with the same input names, element types and shapes, held as columns and sliced by range
 * without copying. Every step of the hot path hands on ranges of blocks.
 */
import { ServingError } from '../errors/serving-error.js';
import { columnInstances, sameColumnLayout, visitBytes, type Column } from './column.js';

export class Block {
  /** Number of instances. */
  readonly count: number;
  readonly columns: readonly Column[];

  /** @throws ServingError INVALID_TENSOR when a column holds another number of instances than `count`. */
  constructor(count: number, columns: readonly Column[]) {
    for (const column of columns) {
      const held = columnInstances(column);
      if (held !== undefined && held !== count) {
        throw new ServingError(
          'INVALID_TENSOR',
          `column ${column.name}: expected ${count} instances, given ${held}`,
        );
      }
    }
    this.count = count;
    this.columns = columns;
  }

  /** The column of this name, or undefined. */
  column(name: string): Column | undefined {
    return this.columns.find((column) => column.name === name);
  }

  /** All instances, as a range. */
  all(): BlockRange {
    return { block: this, from: 0, to: this.count };
  }
}

/** Instances `from` to `to` (exclusive) of a block. */
export interface BlockRange {
  readonly block: Block;
  readonly from: number;
  readonly to: number;
}

/** Whether instances of the two blocks can share a section: same column names in order, dtypes and shapes. */
export function sameLayout(a: Block, b: Block): boolean {
  if (a === b) return true;
  if (a.columns.length !== b.columns.length) return false;
  for (let i = 0; i < a.columns.length; i++)
    if (!sameColumnLayout(a.columns[i]!, b.columns[i]!)) return false;
  return true;
}

/** Payload bytes of the range: what its columns' views add up to. */
export function rangeBytes(range: BlockRange): number {
  let bytes = 0;
  for (const column of range.block.columns) bytes += columnRangeBytes(column, range.from, range.to);
  return bytes;
}

function columnRangeBytes(column: Column, from: number, to: number): number {
  if (column.kind === 'numeric') return column.instanceBytes * (to - from);
  let bytes = 0;
  const last = to * column.elementsPerInstance;
  for (let i = from * column.elementsPerInstance; i < last; i++) bytes += column.elements[i]!.byteLength;
  return bytes;
}

/** The bytes of one numeric column over a range as one view; copies only when the range spans segments. */
export function contiguousBytes(
  column: Extract<Column, { kind: 'numeric' }>,
  from: number,
  to: number,
): Uint8Array {
  const views: Uint8Array[] = [];
  visitBytes(column, from, to, (view) => views.push(view));
  if (views.length === 1) return views[0]!;
  const joined = new Uint8Array(column.instanceBytes * (to - from));
  let at = 0;
  for (const view of views) {
    joined.set(view, at);
    at += view.byteLength;
  }
  return joined;
}
