/** Whether a file's bytes can be a model, told by its outermost fields alone. */

/** An ONNX model, or one in onnxruntime's own format. */
export function isModelFile(bytes: Uint8Array): boolean {
  return isOrtFormat(bytes) || new FieldCursor(bytes).isModelProto();
}

/** A flatbuffer: its kind stands after the first offset. */
function isOrtFormat(bytes: Uint8Array): boolean {
  return String.fromCharCode(...bytes.subarray(4, 8)) === 'ORTM';
}

/** The number of ONNX's `ModelProto.graph`. */
const graphField = 7;

/** How protocol buffers write a field; groups are in no ONNX file. */
const varint = 0;
const eightBytes = 1;
const lengthDelimited = 2;
const fourBytes = 5;

class FieldCursor {
  readonly #bytes: Uint8Array;
  #at = 0;

  constructor(bytes: Uint8Array) {
    this.#bytes = bytes;
  }

  /** Fields of a protocol buffer from the first byte to the last, a graph among them. */
  isModelProto(): boolean {
    let hasGraph = false;
    while (this.#at < this.#bytes.length) {
      const tag = this.#varint();
      const [field, wireType] = [Math.floor(tag / 8), tag % 8];
      const length = this.#lengthOf(wireType);
      this.#at += length;
      // Not so for NaN either.
      if (!(field > 0 && this.#at <= this.#bytes.length)) return false;
      hasGraph ||= field === graphField && wireType === lengthDelimited;
    }
    return hasGraph;
  }

  /** Bytes of the field that are ahead; NaN when it is none. */
  #lengthOf(wireType: number): number {
    if (wireType === varint) return Number.isNaN(this.#varint()) ? NaN : 0;
    if (wireType === lengthDelimited) return this.#varint();
    if (wireType === eightBytes) return 8;
    return wireType === fourBytes ? 4 : NaN;
  }

  /** NaN for a number without an end. */
  #varint(): number {
    let value = 0;
    for (let scale = 1; scale < 2 ** 70; scale *= 128) {
      const byte = this.#bytes[this.#at++];
      if (byte === undefined) return NaN;
      value += (byte & 0x7f) * scale;
      if (byte < 0x80) return value;
    }
    return NaN;
  }
}
