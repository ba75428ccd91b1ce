/** The elements of an output as they go raw: little-endian, or of BYTES each behind its length. */
import { visitBytes } from '@serving/common';
import { joinElements } from './bytes-elements.js';
import type { OutputTensor } from './infer-request.js';

/** In pieces, which are not copied. */
export function rawContents({ ranges }: OutputTensor): Uint8Array[] {
  const pieces: Uint8Array[] = [];
  for (const { column, from, to } of ranges) {
    if (column.kind === 'numeric') {
      visitBytes(column, from, to, (view) => pieces.push(view));
      continue;
    }
    const each = column.elementsPerInstance;
    pieces.push(...joinElements(column.elements.slice(from * each, to * each)));
  }
  return pieces;
}

export function totalBytes(pieces: readonly Uint8Array[]): number {
  return pieces.reduce((sum, piece) => sum + piece.length, 0);
}
