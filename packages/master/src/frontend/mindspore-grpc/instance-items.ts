/** Goes through the items of an Instance as they stand in a message. */
import { passShared, TensorFields } from './tensor-fields.js';
import type { WireCursor } from './wire-cursor.js';

/** Tags of proto/mindspore_serving/proto/ms_service.proto: field number and wire type. */
const items = 0x0a;
const outputBuffers = 0x12;
const key = 0x0a;
const value = 0x12;

/** A name and its tensor. */
export class Item {
  nameStart = 0;
  nameEnd = 0;
  /** Whoever wants to keep it puts another in its place: the next item is read into it. */
  tensor = new TensorFields();

  /** False for an item without a tensor, which counts as none. */
  read(cursor: WireCursor): boolean {
    this.nameStart = 0;
    this.nameEnd = 0;
    let isWhole = false;
    const end = cursor.varint32() + cursor.pos;
    while (cursor.pos < end) {
      const tag = cursor.varint32();
      if (tag === key) {
        this.nameStart = cursor.delimited();
        this.nameEnd = cursor.pos;
      } else if (tag === value) {
        this.tensor.read(cursor);
        isWhole = true;
      } else if (!cursor.passOver(tag)) {
        break;
      }
    }
    return isWhole;
  }
}

export interface ItemTaker {
  /** Names may come again; the last of a name is the one that counts. */
  take(item: Item, cursor: WireCursor): void;
}

/** Hands over the items of the instance that begins where the cursor is. @param item what they are read into */
export function readItems(cursor: WireCursor, length: number, item: Item, taker: ItemTaker): void {
  const end = length + cursor.pos;
  while (cursor.pos < end) {
    const tag = cursor.varint32();
    if (tag === items) {
      if (item.read(cursor)) taker.take(item, cursor);
    } else if (tag === outputBuffers) {
      passOutputBuffer(cursor);
    } else if (!cursor.passOver(tag)) {
      return;
    }
  }
}

function passOutputBuffer(cursor: WireCursor): void {
  const end = cursor.varint32() + cursor.pos;
  while (cursor.pos < end) {
    const tag = cursor.varint32();
    if (tag === key) cursor.delimited();
    else if (tag === value) passShared(cursor);
    else if (!cursor.passOver(tag)) return;
  }
}
