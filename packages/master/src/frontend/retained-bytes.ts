/** What a waiting request keeps alive. */

/** About what a view takes on the heap. */
export const viewBytes = 128;

/** Views keep their whole buffer alive; small messages share one of Node's pool, which is not theirs alone. */
export function bufferBytes(message: Uint8Array): number {
  return message.buffer.byteLength > Buffer.poolSize ? message.buffer.byteLength : message.byteLength;
}
