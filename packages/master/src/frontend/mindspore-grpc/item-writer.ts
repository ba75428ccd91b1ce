/** Writes the items of one output, an instance each. What they have in common is encoded once: name, shape and dtype. */
import {
  dataTypeToWire,
  mindspore,
  sameShape,
  visitBytes,
  type BytesColumn,
  type Column,
} from '@serving/common';
import { fieldSize, type ReplyBuffer } from './reply-buffer.js';

/** Tags of proto/mindspore_serving/proto/ms_service.proto: field number and wire type. */
const items = 0x0a;
const value = 0x12;
const data = 0x1a;
const bytesVal = 0x22;

export class ItemWriter {
  readonly #column: Column;
  /** Field 1 of an item; the empty name is not written. */
  readonly #key: Uint8Array;
  /** The tensor's shape and dtype. */
  readonly #tensor: Uint8Array;

  /** @param column any of the name, dtype and shape to be written */
  constructor(column: Column) {
    this.#column = column;
    this.#key = mindspore.Instance_ItemsEntry.encode({ key: column.name, value: undefined }).finish();
    const dims = column.kind === 'bytes' && column.elementsPerInstance === 1 ? [] : column.shape;
    const dtype: mindspore.DataType = dataTypeToWire(column.dtype);
    const shape = { dims: dims.map(BigInt) };
    this.#tensor = mindspore.Tensor.encode({ shape, dtype, tensorData: undefined, bytesVal: [] }).finish();
  }

  /** Whether it can write the column. */
  suits({ dtype, shape }: Column): boolean {
    return dtype === this.#column.dtype && sameShape(shape, this.#column.shape);
  }

  /** Bytes of the instance's item with its tag and length. */
  size(column: Column, instance: number): number {
    return fieldSize(this.#itemSize(this.#tensorSize(column, instance)));
  }

  #itemSize(tensorSize: number): number {
    return this.#key.length + fieldSize(tensorSize);
  }

  #tensorSize(column: Column, instance: number): number {
    if (column.kind === 'numeric') return this.#tensor.length + fieldSize(column.instanceBytes);
    let size = this.#tensor.length;
    const end = (instance + 1) * column.elementsPerInstance;
    for (let i = instance * column.elementsPerInstance; i < end; i++)
      size += fieldSize(column.elements[i]!.length);
    return size;
  }

  write(column: Column, instance: number, reply: ReplyBuffer): void {
    const tensorSize = this.#tensorSize(column, instance);
    reply.varint(items);
    reply.varint(this.#itemSize(tensorSize));
    reply.bytes(this.#key);
    reply.varint(value);
    reply.varint(tensorSize);
    reply.bytes(this.#tensor);
    if (column.kind === 'bytes') return writeElements(column, instance, reply);
    reply.varint(data);
    reply.varint(column.instanceBytes);
    const { segments, instanceBytes, segmentIsInstance } = column;
    if (segmentIsInstance === true) reply.bytes(segments[instance]!);
    else if (segments.length === 1)
      reply.bytes(segments[0]!, instance * instanceBytes, (instance + 1) * instanceBytes);
    else visitBytes(column, instance, instance + 1, (view) => reply.bytes(view));
  }
}

function writeElements(
  { elements, elementsPerInstance }: BytesColumn,
  instance: number,
  reply: ReplyBuffer,
): void {
  const end = (instance + 1) * elementsPerInstance;
  for (let i = instance * elementsPerInstance; i < end; i++) {
    reply.varint(bytesVal);
    reply.varint(elements[i]!.length);
    reply.bytes(elements[i]!);
  }
}
