/** The fields of a Tensor as they stand in a message: numbers, and places of bytes. Filled anew for each tensor. */
import type { WireCursor } from './wire-cursor.js';

/** Tags of proto/mindspore_serving/proto/ms_service.proto: field number and wire type. */
const shape = 0x0a;
const dtype = 0x10;
const data = 0x1a;
const bytesVal = 0x22;
const shmData = 0x2a;
const dims = 0x08;
const packedDims = 0x0a;
const memoryKey = 0x0a;
const bytesSize = 0x10;
const dataOffset = 0x18;
const dataSize = 0x20;

/** One more than a tensor may have and than an error prints. */
const mostDimsKept = 65;

export class TensorFields {
  dtype = 0;
  /** The first `rank` are the tensor's. Cutting the array would make another one of it for each tensor. */
  readonly dims: (number | bigint)[] = [];
  /** Further dimensions than can matter are not kept, but the last place has one that is out of range if any is. */
  rank = 0;
  /** Elements of a fixed width. */
  dataStart = 0;
  dataEnd = 0;
  /** The elements are said to be in shared memory. */
  isShared = false;
  /** How many entries bytes_val has, and where the last of them is. */
  elements = 0;
  elementStart = 0;
  elementEnd = 0;

  /** Reads the tensor whose length is next. As in all of proto3, the last of several values of a field counts. */
  read(cursor: WireCursor): void {
    this.#clear();
    const end = cursor.varint32() + cursor.pos;
    while (cursor.pos < end) {
      const tag = cursor.varint32();
      if (tag === shape) this.#readShape(cursor);
      else if (tag === dtype) this.dtype = cursor.varint32() | 0;
      else if (tag === data) this.#setData(cursor.delimited(), cursor.pos);
      else if (tag === bytesVal) this.#addElement(cursor.delimited(), cursor.pos);
      else if (tag === shmData) this.#readShared(cursor);
      else if (!cursor.passOver(tag)) return;
    }
  }

  #clear(): void {
    this.dtype = 0;
    this.rank = 0;
    this.elements = 0;
    this.#setData(0, 0);
  }

  #setData(start: number, end: number): void {
    this.isShared = false;
    this.dataStart = start;
    this.dataEnd = end;
  }

  #addElement(start: number, end: number): void {
    this.elements++;
    this.elementStart = start;
    this.elementEnd = end;
  }

  #readShape(cursor: WireCursor): void {
    this.rank = 0;
    const end = cursor.varint32() + cursor.pos;
    while (cursor.pos < end) {
      const tag = cursor.varint32();
      if (tag === packedDims) {
        const last = cursor.varint32() + cursor.pos;
        while (cursor.pos < last) this.#addDimension(cursor.int64());
      } else if (tag === dims) {
        this.#addDimension(cursor.int64());
      } else if (!cursor.passOver(tag)) {
        return;
      }
    }
  }

  #addDimension(dimension: number | bigint): void {
    if (this.rank < mostDimsKept) this.dims[this.rank++] = dimension;
    else if (typeof dimension === 'bigint') this.dims[mostDimsKept - 1] = dimension;
  }

  /** Shared memory of clients is never touched, so it is only read to where it ends. */
  #readShared(cursor: WireCursor): void {
    this.#setData(0, 0);
    this.isShared = true;
    passShared(cursor);
  }
}

/** Moves past a ShmTensorData, its length first. */
export function passShared(cursor: WireCursor): void {
  const end = cursor.varint32() + cursor.pos;
  while (cursor.pos < end) {
    const tag = cursor.varint32();
    if (tag === memoryKey) cursor.delimited();
    else if (tag === bytesSize || tag === dataOffset || tag === dataSize) cursor.int64();
    else if (!cursor.passOver(tag)) return;
  }
}
