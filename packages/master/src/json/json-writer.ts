/** Columns → JSON text, in pieces: a big tensor never is one string, nor a string per element. */
import { contiguousBytes, formatShape, type Column } from '@serving/common';
import { ElementError } from './element-error.js';
import { numericWriter, textWriter, type ElementFormat, type ElementWriter } from './element-writer.js';

/** Elements of one piece. Texts may be long each. */
const pieceElements = { numeric: 8192, bytes: 64 };
/** The most lists of an empty tensor: its bytes do not bound them, as those of any other do. */
const maxEmptyLists = 2 ** 20;

/** One instance of a column: a bare value for a scalar, else lists nested by its shape. */
export function writeInstance(column: Column, index: number, format: ElementFormat, pieces: string[]): void {
  writeNested(column, index, index + 1, column.shape, format, pieces);
}

/** Instances `from` to `to` (exclusive) of a column: a list of what `writeInstance` writes for each. */
export function writeInstances(
  column: Column,
  from: number,
  to: number,
  format: ElementFormat,
  pieces: string[],
): void {
  writeNested(column, from, to, [to - from, ...column.shape], format, pieces);
}

/** All elements of instances `from` to `to` (exclusive) of a column, in C order, as one flat list. */
export function writeElements(
  column: Column,
  from: number,
  to: number,
  format: ElementFormat,
  pieces: string[],
): void {
  const count = column.shape.reduce((product, dimension) => product * dimension, to - from);
  writeNested(column, from, to, [count], format, pieces);
}

function writeNested(
  column: Column,
  from: number,
  to: number,
  shape: readonly number[],
  format: ElementFormat,
  pieces: string[],
): void {
  const emptyAxis = shape.indexOf(0);
  if (emptyAxis !== -1) return writeEmpty(shape, emptyAxis, pieces);
  new NestedWriter(shape, writerOf(column, from, to, format), pieceElements[column.kind], pieces).write();
}

function writerOf(column: Column, from: number, to: number, format: ElementFormat): ElementWriter {
  if (column.kind === 'numeric')
    return numericWriter(column.dtype, contiguousBytes(column, from, to), format);
  const size = column.elementsPerInstance;
  return textWriter(column.dtype, column.elements.slice(from * size, to * size), format);
}

/** Lists down to the axis that has no elements. */
function writeEmpty(shape: readonly number[], emptyAxis: number, pieces: string[]): void {
  const outer = shape.slice(0, emptyAxis);
  const lists = outer.reduce((product, dimension) => product * dimension, 1);
  if (lists > maxEmptyLists) {
    throw new ElementError(0, `at most ${maxEmptyLists} empty lists`, `those of shape ${formatShape(shape)}`);
  }
  let text = '[]';
  for (const dimension of outer.toReversed()) text = `[${Array(dimension).fill(text).join(',')}]`;
  pieces.push(text);
}

class NestedWriter {
  readonly #shape: readonly number[];
  readonly #elements: ElementWriter;
  readonly #pieceElements: number;
  readonly #pieces: string[];
  #piece = '';
  /** Elements in the piece that is being written. */
  #held = 0;
  #next = 0;

  constructor(shape: readonly number[], elements: ElementWriter, perPiece: number, pieces: string[]) {
    this.#shape = shape;
    this.#elements = elements;
    this.#pieceElements = perPiece;
    this.#pieces = pieces;
  }

  write(): void {
    if (this.#shape.length === 0) this.#run(1);
    else this.#list(0);
    if (this.#piece !== '') this.#pieces.push(this.#piece);
  }

  #list(axis: number): void {
    this.#piece += '[';
    const size = this.#shape[axis]!;
    if (axis === this.#shape.length - 1) this.#run(size);
    else {
      for (let i = 0; i < size; i++) {
        if (i > 0) this.#piece += ',';
        this.#list(axis + 1);
      }
    }
    this.#piece += ']';
  }

  /** The next `size` elements, which are neighbours in the innermost list. */
  #run(size: number): void {
    const end = this.#next + size;
    while (this.#next < end) {
      const to = Math.min(end, this.#next + this.#pieceElements - this.#held);
      if (this.#next > end - size) this.#piece += ',';
      this.#piece += this.#elements(this.#next, to);
      this.#held += to - this.#next;
      this.#next = to;
      if (this.#held < this.#pieceElements) continue;
      this.#pieces.push(this.#piece);
      this.#piece = '';
      this.#held = 0;
    }
  }
}
