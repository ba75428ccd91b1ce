/** What a waiting request keeps alive. */
import { rangeBytes } from '@serving/common';
import type { ReadInstances } from './instance-blocks.js';

/** About what a view takes on the heap. */
export const viewBytes = 128;

/** Views keep their whole buffer alive; small messages share one of Node's pool, which is not theirs alone. */
export function bufferBytes(message: Uint8Array): number {
  return message.buffer.byteLength > Buffer.poolSize ? message.buffer.byteLength : message.byteLength;
}

/** About what a column with its shape, and an error with its stack take on the heap. */
const columnBytes = 512;
const errorBytes = 1024;

/** What a waiting request takes beside its elements: of very small instances more than the elements themselves. */
export function objectBytes({ parts, refused }: ReadInstances): number {
  let bytes = 0;
  for (const { block } of parts) bytes += block.columns.length * (columnBytes + block.count * viewBytes);
  for (const { error } of refused) bytes += errorBytes + error.message.length;
  return bytes;
}

/** What the elements of its instances take, where nothing of the message itself is kept. */
export function payloadBytes({ parts }: ReadInstances): number {
  return parts.reduce((sum, { block }) => sum + rangeBytes(block.all()), 0);
}
