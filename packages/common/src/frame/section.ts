/** Sections of a frame: runs of instances with one layout, planned, written once and read back as blocks. */
import { Block, sameLayout, type BlockRange } from '../block/block.js';
import { bytesColumn, numericColumn, visitBytes, type BytesColumn, type Column } from '../block/column.js';
import type { ColumnLayout, Section } from '../gen/serving/link/v1/frame.js';
import { dataTypeFromWire, dataTypeToWire, elementWidth, isNumericType } from '../tensor/data-type.js';
import { elementCount } from '../tensor/shape.js';
import { align, columnAlignment, invalidFrame } from './frame-buffer.js';

/** Where each column goes; `ranges` are the instances of the section in order. */
export interface PlannedSection {
  readonly section: Section;
  readonly ranges: readonly BlockRange[];
}

/** Joins neighbours of the same layout into sections and gives every column its place. */
export function planSections(ranges: readonly BlockRange[]): {
  planned: PlannedSection[];
  dataBytes: number;
} {
  const planned: PlannedSection[] = [];
  let dataBytes = 0;
  for (const run of runsOfSameLayout(ranges)) {
    const count = run.reduce((sum, range) => sum + range.to - range.from, 0);
    const columns: ColumnLayout[] = [];
    for (const [index, column] of run[0]!.block.columns.entries()) {
      const byteLength = columnBytes(run, index);
      const offset = alignWide(dataBytes);
      columns.push({
        name: column.name,
        dtype: dataTypeToWire(column.dtype),
        shape: [...column.shape],
        offset,
        byteLength,
      });
      dataBytes = offset + byteLength;
    }
    planned.push({ section: { count, columns }, ranges: run });
  }
  return { planned, dataBytes };
}

/** Like align, for sizes beyond 2^31, where bit operations wrap. */
function alignWide(bytes: number): number {
  return bytes < 2 ** 30 ? align(bytes) : Math.ceil(bytes / columnAlignment) * columnAlignment;
}

function* runsOfSameLayout(ranges: readonly BlockRange[]): Generator<BlockRange[]> {
  let run: BlockRange[] = [];
  for (const range of ranges) {
    if (run.length > 0 && !sameLayout(run[0]!.block, range.block)) {
      yield run;
      run = [];
    }
    run.push(range);
  }
  if (run.length > 0) yield run;
}

function columnBytes(run: readonly BlockRange[], index: number): number {
  let bytes = 0;
  let elements = 0;
  for (const { block, from, to } of run) {
    const column = block.columns[index]!;
    if (column.kind === 'numeric') {
      bytes += column.instanceBytes * (to - from);
      continue;
    }
    visitElements(column, from, to, (element) => {
      bytes += element.byteLength;
      elements++;
    });
  }
  return run[0]!.block.columns[index]!.kind === 'numeric' ? bytes : bytes + 4 * (elements + 1);
}

function visitElements(
  column: BytesColumn,
  from: number,
  to: number,
  visit: (element: Uint8Array) => void,
): void {
  const last = to * column.elementsPerInstance;
  for (let i = from * column.elementsPerInstance; i < last; i++) visit(column.elements[i]!);
}

/** Copies the planned instances into the frame's data section: the one gathering copy on the way to an executor. */
export function writeSections(planned: readonly PlannedSection[], data: Uint8Array): void {
  for (const { section, ranges } of planned) {
    for (const [index, layout] of section.columns.entries()) {
      if (isNumericType(dataTypeFromWire(layout.dtype)!)) writeNumeric(ranges, index, data, layout.offset);
      else writeElements(ranges, index, data.subarray(layout.offset, layout.offset + layout.byteLength));
      const end = layout.offset + layout.byteLength;
      data.fill(0, end, alignWide(end));
    }
  }
}

function writeNumeric(ranges: readonly BlockRange[], index: number, data: Uint8Array, offset: number): void {
  let at = offset;
  for (const { block, from, to } of ranges) {
    const column = block.columns[index]!;
    if (column.kind !== 'numeric') continue;
    visitBytes(column, from, to, (view) => {
      data.set(view, at);
      at += view.byteLength;
    });
  }
}

function writeElements(ranges: readonly BlockRange[], index: number, target: Uint8Array): void {
  const elements: Uint8Array[] = [];
  for (const { block, from, to } of ranges) {
    const column = block.columns[index]!;
    if (column.kind === 'bytes') visitElements(column, from, to, (element) => elements.push(element));
  }
  const ends = new DataView(target.buffer, target.byteOffset, 4 * (elements.length + 1));
  ends.setUint32(0, 0, true);
  let end = 0;
  for (const [i, element] of elements.entries()) {
    target.set(element, ends.byteLength + end);
    end += element.byteLength;
    ends.setUint32(4 * (i + 1), end, true);
  }
}

/** The section as a block whose columns are views of the data. @throws ServingError FRAME_INVALID */
export function readSection(section: Section, data: Uint8Array): Block {
  const columns = section.columns.map((layout) => readColumn(layout, section.count, data));
  try {
    return new Block(section.count, columns);
  } catch (error) {
    throw invalidFrame(String(error instanceof Error ? error.message : error));
  }
}

function readColumn(layout: ColumnLayout, count: number, data: Uint8Array): Column {
  const dtype = dataTypeFromWire(layout.dtype);
  if (dtype === undefined) throw invalidFrame(`column ${layout.name} has unknown dtype ${layout.dtype}`);
  const { offset, byteLength } = layout;
  if (offset % 8 !== 0 || offset < 0 || byteLength < 0 || offset + byteLength > data.byteLength) {
    throw invalidFrame(
      `column ${layout.name} lies at ${offset}+${byteLength}, outside ${data.byteLength} bytes or not aligned`,
    );
  }
  const elements = elementCount(layout.shape);
  if (elements === undefined) throw invalidFrame(`column ${layout.name} has too many elements`);
  const bytes = data.subarray(offset, offset + byteLength);
  if (!isNumericType(dtype))
    return bytesColumn(layout.name, dtype, layout.shape, readElements(layout.name, bytes, elements * count));
  if (byteLength !== elements * elementWidth(dtype) * count) {
    throw invalidFrame(
      `column ${layout.name}: expected ${elements * elementWidth(dtype) * count} bytes, given ${byteLength}`,
    );
  }
  return numericColumn(layout.name, dtype, layout.shape, [bytes]);
}

function readElements(name: string, bytes: Uint8Array, count: number): Uint8Array[] {
  const tableBytes = 4 * (count + 1);
  if (tableBytes > bytes.byteLength)
    throw invalidFrame(`column ${name}: expected ${count} elements, given ${bytes.byteLength} bytes`);
  const ends = new DataView(bytes.buffer, bytes.byteOffset, tableBytes);
  const payload = bytes.subarray(tableBytes);
  const elements: Uint8Array[] = [];
  let start = ends.getUint32(0, true);
  if (start !== 0) throw invalidFrame(`column ${name}: element 0 begins at ${start}`);
  for (let i = 1; i <= count; i++) {
    const end = ends.getUint32(4 * i, true);
    if (end < start || end > payload.byteLength)
      throw invalidFrame(`column ${name}: element ${i - 1} ends at ${end}`);
    elements.push(payload.subarray(start, end));
    start = end;
  }
  if (start !== payload.byteLength)
    throw invalidFrame(`column ${name}: expected ${payload.byteLength} bytes, its elements end at ${start}`);
  return elements;
}
