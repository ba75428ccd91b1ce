/** Columns → JSON text, in pieces: a big tensor never is one string, nor a string per element. */
import { contiguousBytes, formatShape, visitBytes, type Column, type NumericColumn } from '@serving/common';
import { joined, type Slices } from '../slices/slices.js';
import { ElementError } from './element-error.js';
import { numericWriter, textWriter, type ElementFormat, type ElementWriter } from './element-writer.js';
import type { JsonText } from './json-text.js';

/** Bytes of numbers that are written at once. */
const shortBytes = 4096;
/** The most lists of an empty tensor: its bytes do not bound them, as those of any other do. */
const maxEmptyLists = 2 ** 20;

/** One instance of a column: a bare value for a scalar, else lists nested by its shape. @returns what is left to be done where it is long */
export function writeInstance(
  column: Column,
  index: number,
  format: ElementFormat,
  text: JsonText,
): Slices<void> | undefined {
  return writeNested(column, index, index + 1, column.shape, format, text);
}

/** Instances `from` to `to` (exclusive) of a column: a list of what `writeInstance` writes for each. */
export function writeInstances(
  column: Column,
  from: number,
  to: number,
  format: ElementFormat,
  text: JsonText,
): Slices<void> | undefined {
  return writeNested(column, from, to, [to - from, ...column.shape], format, text);
}

/** All elements of instances `from` to `to` (exclusive) of a column, in C order, as one flat list. */
export function writeElements(
  column: Column,
  from: number,
  to: number,
  format: ElementFormat,
  text: JsonText,
): Slices<void> | undefined {
  const count = column.shape.reduce((product, dimension) => product * dimension, to - from);
  return writeNested(column, from, to, [count], format, text);
}

/** At once where that is short, as nearly always; else returns what is left to be done. */
function writeNested(
  column: Column,
  from: number,
  to: number,
  shape: readonly number[],
  format: ElementFormat,
  text: JsonText,
): Slices<void> | undefined {
  const emptyAxis = shape.indexOf(0);
  if (emptyAxis !== -1) return writeEmpty(shape, emptyAxis, text);
  if (column.kind === 'numeric') {
    if ((to - from) * column.instanceBytes > shortBytes)
      return writeLarge(column, from, to, shape, format, text);
    writeAtOnce(numericWriter(column.dtype, contiguousBytes(column, from, to), format), shape, text);
    return undefined;
  }
  const each = column.elementsPerInstance;
  const elements = column.elements.slice(from * each, to * each);
  const writer = textWriter(column.dtype, elements, format);
  if (writer.together(0, elements.length) < elements.length) return writeLists(writer, shape, text);
  writeAtOnce(writer, shape, text);
  return undefined;
}

function writeAtOnce(elements: ElementWriter, shape: readonly number[], text: JsonText): void {
  if (shape.length === 0) return text.add(elements.text(0, 1));
  const lists = new NestedLists(shape);
  const { runs, runLength } = lists;
  for (let run = 0; run < runs; run++) {
    text.add(lists.before(run));
    text.add(elements.text(run * runLength, (run + 1) * runLength));
    text.add(lists.behind(run));
  }
  return undefined;
}

function* writeLarge(
  column: NumericColumn,
  from: number,
  to: number,
  shape: readonly number[],
  format: ElementFormat,
  text: JsonText,
): Slices<void> {
  const elements = numericWriter(column.dtype, yield* gathered(column, from, to), format);
  yield* writeLists(elements, shape, text);
}

function* writeLists(elements: ElementWriter, shape: readonly number[], text: JsonText): Slices<void> {
  const lists = new NestedLists(shape);
  const { runs, runLength } = lists;
  for (let run = 0; run < runs; run++) {
    text.add(lists.before(run));
    yield* writeRun(elements, run * runLength, (run + 1) * runLength, text);
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
function writeEmpty(shape: readonly number[], emptyAxis: number, text: JsonText): undefined {
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
    this.#runsOf = shape
      .toReversed()
      .map((_, index, reversed) => (runs *= index === 0 ? 1 : reversed[index]!));
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
    for (const runs of this.#runsOf) {
      if (run % runs !== 0) break;
      lists++;
    }
    return lists;
  }
}
