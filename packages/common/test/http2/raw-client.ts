/** A client that writes and reads the frames of HTTP/2 by hand. */
import { once } from 'node:events';
import { connect, type Socket } from 'node:net';
import { HpackDecoder } from '../../src/hpack/hpack-decoder.js';
import { encodeHeaders } from '../../src/hpack/hpack-encoder.js';
import { flag, frameHeaderBytes, frameType, preface, settingsPayload } from '../../src/http2/frames.js';

export interface Frame {
  readonly type: number;
  readonly flags: number;
  readonly streamId: number;
  readonly payload: Buffer;
}

export function frame(
  type: number,
  flags: number,
  streamId: number,
  payload: Uint8Array = Buffer.alloc(0),
): Buffer {
  const bytes = Buffer.alloc(frameHeaderBytes + payload.length);
  bytes.writeUIntBE(payload.length, 0, 3);
  bytes[3] = type;
  bytes[4] = flags;
  bytes.writeUInt32BE(streamId, 5);
  bytes.set(payload, frameHeaderBytes);
  return bytes;
}

function uint32(value: number): Buffer {
  const bytes = Buffer.alloc(4);
  bytes.writeUInt32BE(value);
  return bytes;
}

export const settings = (...entries: (readonly [id: number, value: number])[]) =>
  frame(frameType.settings, 0, 0, settingsPayload(entries));
export const windowUpdate = (streamId: number, bytes: number) =>
  frame(frameType.windowUpdate, 0, streamId, uint32(bytes));
export const reset = (streamId: number, code = 8) => frame(frameType.rstStream, 0, streamId, uint32(code));
export const ping = (text = '12345678') => frame(frameType.ping, 0, 0, Buffer.from(text));
export const data = (streamId: number, contents: Uint8Array, isLast = false) =>
  frame(frameType.data, isLast ? flag.endStream : 0, streamId, contents);
export const headers = (streamId: number, fields: Readonly<Record<string, string>>, isLast = false) =>
  frame(
    frameType.headers,
    flag.endHeaders | (isLast ? flag.endStream : 0),
    streamId,
    encodeHeaders(Object.entries(fields).map(([name, value]) => ({ name, value }))),
  );

export const post = (path: string, more: Readonly<Record<string, string>> = {}) => ({
  ':method': 'POST',
  ':scheme': 'http',
  ':path': path,
  ':authority': 'test',
  ...more,
});

/** A request that is there in full. */
export const request = (streamId: number, path: string) => headers(streamId, post(path), true);

const hello = Buffer.concat([preface, settings()]);

export class RawClient {
  readonly socket: Socket;
  readonly frames: Frame[] = [];
  /** Resolves when the connection has ended. */
  readonly closed: Promise<unknown>;
  #rest = Buffer.alloc(0);
  readonly #decoder = new HpackDecoder(2 ** 16);
  #isClosed = false;
  #waiting: (() => void)[] = [];

  private constructor(socket: Socket) {
    this.socket = socket;
    this.closed = once(socket, 'close').catch(() => undefined);
    socket.on('error', () => undefined);
    socket.on('data', (chunk: Buffer) => this.#take(chunk));
    socket.on('close', () => {
      this.#isClosed = true;
      this.#wake();
    });
  }

  static async connect(address: string, ...first: readonly Uint8Array[]): Promise<RawClient> {
    const client = await RawClient.silent(address);
    client.write(hello, ...first);
    return client;
  }

  /** Says nothing yet. */
  static async silent(address: string): Promise<RawClient> {
    const socket = connect(Number(address.split(':').at(-1)), '127.0.0.1');
    const client = new RawClient(socket);
    await once(socket, 'connect');
    return client;
  }

  write(...pieces: readonly Uint8Array[]): void {
    this.socket.write(Buffer.concat(pieces));
  }

  #take(chunk: Buffer): void {
    let bytes = Buffer.concat([this.#rest, chunk]);
    while (bytes.length >= frameHeaderBytes && bytes.length >= frameHeaderBytes + bytes.readUIntBE(0, 3)) {
      const end = frameHeaderBytes + bytes.readUIntBE(0, 3);
      this.frames.push({
        type: bytes[3]!,
        flags: bytes[4]!,
        streamId: bytes.readUInt32BE(5),
        payload: bytes.subarray(frameHeaderBytes, end),
      });
      bytes = bytes.subarray(end);
    }
    this.#rest = bytes;
    this.#wake();
  }

  #wake(): void {
    for (const resolve of this.#waiting.splice(0)) resolve();
  }

  /** What `find` gives once it gives something. @throws Error when the connection ends before */
  async until<T>(find: () => T | undefined | false): Promise<T> {
    for (;;) {
      const found = find();
      if (found !== undefined && found !== false) return found;
      if (this.#isClosed) throw new Error(`the connection ended after ${this.#seen()}`);
      await new Promise<void>((resolve) => this.#waiting.push(resolve));
    }
  }

  #seen(): string {
    return JSON.stringify(this.frames.map(({ type, streamId, payload }) => [type, streamId, payload.length]));
  }

  /** The frames of a stream until its end, which is a flag or a reset. */
  ended(streamId: number): Promise<readonly Frame[]> {
    return this.until(() => {
      const own = this.of(streamId);
      return own.some(({ type, flags }) => type === frameType.rstStream || isEnd(type, flags)) && own;
    });
  }

  of(streamId: number, type?: number): Frame[] {
    return this.frames.filter(
      (each) => each.streamId === streamId && (type === undefined || each.type === type),
    );
  }

  /** Bytes of data that came on a stream. */
  dataBytes(streamId: number): number {
    return this.of(streamId, frameType.data).reduce((sum, { payload }) => sum + payload.length, 0);
  }

  /** The connection answers a ping: whatever was sent before has been dealt with. */
  async pong(text = `${Math.random()}`.padEnd(10).slice(2, 10)): Promise<void> {
    this.write(ping(text));
    await this.until(() =>
      this.frames.some(
        ({ type, flags, payload }) =>
          type === frameType.ping && flags === flag.ack && payload.toString() === text,
      ),
    );
  }

  /** Why the connection ends: the code, and its text. */
  async goaway(): Promise<readonly [code: number, why: string]> {
    const { payload } = await this.until(() => this.frames.find(({ type }) => type === frameType.goaway));
    return [payload.readUInt32BE(4), payload.toString('utf8', 8)];
  }

  /** Headers of a frame. Those of one connection must be asked for in order. */
  fieldsOf({ payload }: Frame): Record<string, string> {
    return Object.fromEntries(this.#decoder.decode(payload).fields.map(({ name, value }) => [name, value]));
  }

  end(): void {
    this.socket.destroy();
  }
}

function isEnd(type: number, flags: number): boolean {
  return (type === frameType.data || type === frameType.headers) && (flags & flag.endStream) !== 0;
}

/** What a reset says. */
export const codeOf = ({ payload }: Frame): number => payload.readUInt32BE(0);
