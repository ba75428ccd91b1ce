/** Elements of BYTES tensors ⇄ raw contents, where each follows its length in four bytes, little-endian. */
import { ServingError } from '@serving/common';

const lengthBytes = 4;
/** An element is an object of its own: a request of four bytes each would take thirty times its size. */
const maxElements = 1_000_000;

/**
 * The elements, as views.
 * @param input how the input is called in an error
 * @throws ServingError INVALID_TENSOR when they are not exactly `count`
 */
export function splitElements(raw: Uint8Array, count: number, input: string): Uint8Array[] {
  if (count > maxElements)
    throw new ServingError(
      'INVALID_TENSOR',
      `${input}: expected at most ${maxElements} elements of BYTES in a tensor, given ${count}`,
    );
  const view = new DataView(raw.buffer, raw.byteOffset, raw.byteLength);
  const elements: Uint8Array[] = [];
  let at = 0;
  while (at < raw.length && elements.length < count) {
    const rest = raw.length - at - lengthBytes;
    const length = rest < 0 ? 0 : view.getUint32(at, true);
    if (rest < length)
      throw new ServingError(
        'INVALID_TENSOR',
        `${input}: element ${elements.length}: expected a length in ${lengthBytes} bytes and as many bytes after it, given ${raw.length - at} bytes`,
      );
    elements.push(raw.subarray(at + lengthBytes, at + lengthBytes + length));
    at += lengthBytes + length;
  }
  if (elements.length === count && at === raw.length) return elements;
  const given = elements.length < count ? String(elements.length) : `${raw.length - at} bytes more`;
  throw new ServingError('INVALID_TENSOR', `${input}: expected ${count} elements of BYTES, given ${given}`);
}

/** The raw contents of these elements, in pieces that are not copied. */
export function joinElements(elements: readonly Uint8Array[]): Uint8Array[] {
  const lengths = new DataView(new ArrayBuffer(lengthBytes * elements.length));
  return elements.flatMap((element, index) => {
    lengths.setUint32(lengthBytes * index, element.length, true);
    return [new Uint8Array(lengths.buffer, lengthBytes * index, lengthBytes), element];
  });
}
