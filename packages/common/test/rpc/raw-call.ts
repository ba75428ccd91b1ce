/** Calls of gRPC with every byte written by hand. */
import { flag, frameType } from '../../src/http2/frames.js';
import { codeOf, data, headers, post, RawClient } from '../http2/raw-client.js';

/** A message as it is on the wire. @param length what is said of it, where that is not true */
export function framed(message: Uint8Array, isCompressed = 0, length = message.length): Buffer {
  const prefix = Buffer.alloc(5);
  prefix[0] = isCompressed;
  prefix.writeUInt32BE(length, 1);
  return Buffer.concat([prefix, message]);
}

/** How a call ended, and what came before. */
export interface Ended {
  readonly fields: Readonly<Record<string, string>>;
  readonly messages: readonly string[];
  /** The code of a reset without any headers at the end. */
  readonly reset: number | undefined;
}

export class RawCaller {
  readonly client: RawClient;
  #nextId = 1;

  private constructor(client: RawClient) {
    this.client = client;
  }

  static async connect(address: string, ...first: readonly Uint8Array[]): Promise<RawCaller> {
    return new RawCaller(await RawClient.connect(address, ...first));
  }

  /** The stream of a new call. */
  open(path: string, more: Readonly<Record<string, string>> = {}): number {
    const id = this.#nextId;
    this.#nextId += 2;
    const grpc = { 'content-type': 'application/grpc', te: 'trailers' };
    this.client.write(headers(id, post(path, { ...grpc, ...more })));
    return id;
  }

  send(id: number, bytes: Uint8Array, isLast = false): void {
    this.client.write(data(id, bytes, isLast));
  }

  /** A whole call of one piece. */
  async call(path: string, bytes: Uint8Array, more?: Readonly<Record<string, string>>): Promise<Ended> {
    const id = this.open(path, more);
    this.send(id, bytes, true);
    return this.ended(id);
  }

  async ended(id: number): Promise<Ended> {
    const frames = await this.client.ended(id);
    const last = frames.findLast(({ type }) => type === frameType.headers);
    const isEnd = last !== undefined && (last.flags & flag.endStream) !== 0;
    return {
      fields: isEnd ? this.client.fieldsOf(last) : {},
      messages: messagesOf(Buffer.concat(this.client.of(id, frameType.data).map(({ payload }) => payload))),
      reset: isEnd ? undefined : codeOf(frames.find(({ type }) => type === frameType.rstStream)!),
    };
  }

  end(): void {
    this.client.end();
  }
}

function messagesOf(bytes: Buffer): string[] {
  const messages: string[] = [];
  for (let at = 0; at + 5 <= bytes.length; at += 5 + bytes.readUInt32BE(at + 1))
    messages.push(bytes.toString('latin1', at + 5, at + 5 + bytes.readUInt32BE(at + 1)));
  return messages;
}
