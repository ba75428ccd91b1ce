/** Columns → JSON text, in pieces: a big tensor never is one string, nor a string per element. */
import { contiguousBytes, formatShape, visitBytes, type Column, type NumericColumn } from '@serving/common';
import { bytesOfSlice, joined, type Slices } from '../slices/slices.js';
import { ElementError } from './element-error.js';
import { numericWriter, textWriter, type ElementFormat, type ElementWriter } from './element-writer.js';
import type { JsonText } from './json-text.js';

/** The most lists of an empty tensor: its bytes do not bound them, as those of any other do. */
const maxEmptyLists = 2 ** 20;

/** One instance of a column: a bare value for a scalar, else lists nested by its shape. */
export function writeInstance(
  column: Column,
  index: number,
  format: ElementFormat,
  text: JsonText,
): Slices<void> {
  return writeNested(column, index, index + 1, column.shape, format, text);
}

/** Instances `from` to `to` (exclusive) of a column: a list of what `writeInstance` writes for each. */
export function writeInstances(
  column: Column,
  from: number,
  to: number,
  format: ElementFormat,
  text: JsonText,
): Slices<void> {
  return writeNested(column, from, to, [to - from, ...column.shape], format, text);
}

/** All elements of instances `from` to `to` (exclusive) of a column, in C order, as one flat list. */
export function writeElements(
  column: Column,
  from: number,
  to: number,
  format: ElementFormat,
  text: JsonText,
): Slices<void> {
  const count = column.shape.reduce((product, dimension) => product * dimension, to - from);
  return writeNested(column, from, to, [count], format, text);
}

function* writeNested(
  column: Column,
  from: number,
  to: number,
  shape: readonly number[],
  format: ElementFormat,
  text: JsonText,
): Slices<void> {
  const emptyAxis = shape.indexOf(0);
  if (emptyAxis !== -1) return writeEmpty(shape, emptyAxis, text);
  let elements: ElementWriter;
  if (column.kind === 'numeric') {
    const isLarge = (to - from) * column.instanceBytes > bytesOfSlice;
    const bytes = isLarge ? yield* gathered(column, from, to) : contiguousBytes(column, from, to);
    elements = numericWriter(column.dtype, bytes, format);
  } else {
    const each = column.elementsPerInstance;
    elements = textWriter(column.dtype, column.elements.slice(from * each, to * each), format);
  }
  const lists = new NestedLists(shape);
  for (let run = 0; run < lists.runs; run++) {
    text.add(lists.before(run));
    yield* writeRun(elements, run * lists.runLength, (run + 1) * lists.runLength, text);
    text.add(lists.behind(run));
  }
}

function* gathered(column: NumericColumn, from: number, to: number): Slices<Uint8Array> {
  const pieces: Uint8Array[] = [];
  visitBytes(column, from, to, (view) => pieces.push(view));
  return yield* joined(pieces);
}

/** Elements that are neighbours in the innermost list. */
function* writeRun(elements: ElementWriter, from: number, end: number, text: JsonText): Slices<void> {
  let at = from;
  while (at < end) {
    if (at > from) text.add(',');
    const to = elements.together(at, end);
    if (to > at) {
      text.add(elements.text(at, to));
      at = to;
    } else {
      for (const part of elements.parts(at++)) {
        text.add(part);
        if (text.isPauseDue()) yield;
      }
    }
    if (text.isPauseDue()) yield;
  }
}

/** Lists down to the axis that has no elements. */
function writeEmpty(shape: readonly number[], emptyAxis: number, text: JsonText): void {
  const outer = shape.slice(0, emptyAxis);
  const lists = outer.reduce((product, dimension) => product * dimension, 1);
  if (lists > maxEmptyLists) {
    throw new ElementError(0, `at most ${maxEmptyLists} empty lists`, `those of shape ${formatShape(shape)}`);
  }
  let written = '[]';
  for (const dimension of outer.toReversed()) written = `[${Array(dimension).fill(written).join(',')}]`;
  text.add(written);
}

/** The brackets and commas of lists that are nested by a shape, around runs of elements in the innermost ones. */
class NestedLists {
  /** Innermost lists; for a scalar its one element, which is in no list. */
  readonly runs: number;
  readonly runLength: number;
  /** Runs in a list of each axis, innermost first: lists of an axis begin and end where those before it do. */
  readonly #runsOf: readonly number[];

  constructor(shape: readonly number[]) {
    this.runLength = shape.at(-1) ?? 1;
    let runs = 1;
    this.#runsOf = shape.toReversed().map((_, index, reversed) => (runs *= index === 0 ? 1 : reversed[index]!));
    this.runs = runs;
  }

  before(run: number): string {
    return (run > 0 ? ',' : '') + '['.repeat(this.#listsAt(run));
  }

  behind(run: number): string {
    return ']'.repeat(this.#listsAt(run + 1));
  }

  /** How many lists begin at this run, or end before it. */
  #listsAt(run: number): number {
    let lists = 0;
    while (lists < this.#runsOf.length && run % this.#runsOf[lists]! === 0) lists++;
    return lists;
  }
}
