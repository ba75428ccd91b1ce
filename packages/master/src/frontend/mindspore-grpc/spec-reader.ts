/** ServableSpec ⇄ what a request asks for. Clients ask for the same over and over, so a few of the last are remembered. */
import { BinaryReader } from '@bufbuild/protobuf/wire';
import { mindspore } from '@serving/common';
import type { RequestedSpec } from '../../routing/router.js';
import type { WireCursor } from './wire-cursor.js';

export interface WireSpec {
  readonly requested: RequestedSpec;
  /** The spec as field 1 of a reply, which echoes it; empty when the request has none. */
  readonly echo: Uint8Array;
}

export const noSpec: WireSpec = {
  requested: { servable: '', method: '', version: 0n },
  echo: new Uint8Array(0),
};

/** What is remembered stays small whatever clients ask for. */
const mostRemembered = 16;
const mostRememberedBytes = 512;

interface Remembered {
  readonly bytes: Uint8Array;
  readonly spec: WireSpec;
}

export class SpecReader {
  readonly #remembered: Remembered[] = [];
  #next = 0;

  /** Reads the spec whose length is next. */
  read(cursor: WireCursor): WireSpec {
    const length = cursor.varint32();
    const { message, pos } = cursor;
    const end = pos + length;
    for (const { bytes, spec } of this.#remembered) {
      if (bytes.length !== length || !cursor.isAt(pos, bytes)) continue;
      cursor.pos = end;
      return spec;
    }
    const reader = new BinaryReader(message);
    reader.pos = pos;
    const spec = wireSpecOf(mindspore.ServableSpec.decode(reader, length));
    cursor.pos = reader.pos;
    // A malformed one may have been read to another end than it gave.
    if (reader.pos === end && length <= mostRememberedBytes)
      this.#remember(Uint8Array.from(message.subarray(pos, end)), spec);
    return spec;
  }

  #remember(bytes: Uint8Array, spec: WireSpec): void {
    this.#remembered[this.#next] = { bytes, spec };
    this.#next = (this.#next + 1) % mostRemembered;
  }
}

export function wireSpecOf(servableSpec: mindspore.ServableSpec): WireSpec {
  const { name, methodName, versionNumber } = servableSpec;
  return {
    requested: { servable: name, method: methodName, version: versionNumber },
    echo: mindspore.PredictReply.encode({ servableSpec, instances: [], errorMsg: [] }).finish(),
  };
}
