/** What a connection sends: control frames at once, data of its streams in turn, as far as windows and the peer allow. */
import type { Socket } from 'node:net';
import { LinkedList } from '../collection/linked-list.js';
import type { FrameBudget } from './frame-budget.js';
import { FrameOutput } from './frame-output.js';
import { defaultFrameBytes, defaultWindow, errorCode, flag, frameType, mostWindow } from './frames.js';
import { Http2Error } from './http2-error.js';
import type { PeerSettings } from './peer-settings.js';
import type { ServerStream } from './server-stream.js';

/** Longest frame that is sent, though the peer may take longer ones: others wait meanwhile. */
const maxSentFrameBytes = 2 ** 16;
/** While the peer reads nothing, answers that are no data pile up no further. */
const mostUnreadBytes = 2 ** 23;
const pingBytes = 8;
const goawayBytes = 8;

export class ConnectionWriter {
  readonly #output: FrameOutput;
  readonly #settings: PeerSettings;
  readonly #budget: FrameBudget;
  /** Streams that have data to send and room in their windows, the next one first. */
  readonly #ready = new LinkedList<ServerStream>();
  /** What the peer still takes, on all streams together. */
  #window = defaultWindow;
  #isSending = false;

  /**
   * @param settings of the peer, as they change
   * @param budget of the peer, which earns by what it is sent
   */
  constructor(socket: Socket, settings: PeerSettings, budget: FrameBudget) {
    this.#output = new FrameOutput(socket);
    this.#settings = settings;
    this.#budget = budget;
    socket.on('drain', () => this.send());
  }

  /** @throws Http2Error when it is larger than can be */
  widen(bytes: number): void {
    this.#window += bytes;
    if (this.#window > mostWindow)
      throw new Http2Error(errorCode.flowControlError, 'the window of the connection is too large');
    this.send();
  }

  /** The stream has more to send, or more room in its window. */
  ready(stream: ServerStream): void {
    if (stream.list !== undefined || stream.isOver) return;
    if (stream.unsentBytes === 0) return this.#finishIfAsked(stream);
    if (stream.sendWindow > 0) this.#ready.add(stream);
    return this.send();
  }

  /** Trailers take nothing of any window: they wait for the data of their own stream, and for nothing else. */
  #finishIfAsked(stream: ServerStream): void {
    if (stream.trailers === undefined) return;
    this.headers(stream.id, stream.trailers, true);
    stream.trailersSent();
  }

  forget(stream: ServerStream): void {
    this.#ready.delete(stream);
  }

  /** A frame of each stream in turn, so that a large answer holds up no small one. */
  send(): void {
    // Streams that are told they have sent all may write more.
    if (this.#isSending) return;
    this.#isSending = true;
    try {
      this.#sendReady();
    } finally {
      this.#isSending = false;
    }
  }

  #sendReady(): void {
    for (let stream = this.#ready.first; stream !== undefined; stream = this.#ready.first) {
      if (this.#output.isFull || this.#window <= 0) return;
      this.#ready.delete(stream);
      // New settings may have taken the room away meanwhile; what makes room again brings the stream back.
      if (stream.sendWindow <= 0) continue;
      this.#data(stream);
      if (stream.unsentBytes === 0 && stream.trailers === undefined) stream.drained();
      else this.ready(stream);
    }
  }

  #data(stream: ServerStream): void {
    const longest = Math.min(this.#settings.maxFrameBytes, maxSentFrameBytes);
    const length = Math.min(longest, this.#window, stream.sendWindow, stream.unsentBytes);
    this.#window -= length;
    this.#budget.earn();
    this.#output.frame(frameType.data, 0, stream.id, length);
    stream.takeUnsent(length, (piece) => this.#output.bytes(piece));
  }

  headers(streamId: number, block: Uint8Array, isEnd: boolean): void {
    for (let from = 0; from === 0 || from < block.length; from += defaultFrameBytes) {
      const part = block.subarray(from, from + defaultFrameBytes);
      const isWhole = from + defaultFrameBytes >= block.length;
      const type = from === 0 ? frameType.headers : frameType.continuation;
      const end = from === 0 && isEnd ? flag.endStream : 0;
      this.#output.frame(type, end | (isWhole ? flag.endHeaders : 0), streamId, part.length);
      this.#output.bytes(part);
    }
  }

  reset(streamId: number, code: number): void {
    this.#output.frame(frameType.rstStream, 0, streamId, 4);
    this.#output.uint32(code);
  }

  windowUpdate(streamId: number, bytes: number): void {
    this.#output.frame(frameType.windowUpdate, 0, streamId, 4);
    this.#output.uint32(bytes);
  }

  settings(payload: Uint8Array): void {
    this.#control(frameType.settings, 0, payload);
  }

  ping(): void {
    this.#control(frameType.ping, 0, Buffer.alloc(pingBytes));
  }

  /** Asked before a frame that may be answered at once. @throws Http2Error when too many such answers were not read */
  checkRead(): void {
    if (this.#output.unsentBytes > mostUnreadBytes)
      throw new Http2Error(errorCode.enhanceYourCalm, 'frames are sent whose answers are not read');
  }

  acknowledge(type: number, payload: Uint8Array): void {
    this.#control(type, flag.ack, payload);
  }

  goaway(lastStreamId: number, code: number, why: string): void {
    const text = Buffer.from(why, 'utf8');
    this.#output.frame(frameType.goaway, 0, 0, goawayBytes + text.length);
    this.#output.uint32(lastStreamId);
    this.#output.uint32(code);
    this.#output.bytes(text);
  }

  #control(type: number, flags: number, payload: Uint8Array): void {
    this.#output.frame(type, flags, 0, payload.length);
    this.#output.bytes(payload);
  }

  /** Hands on what is there. */
  flush(): void {
    this.#output.flush();
  }
}
