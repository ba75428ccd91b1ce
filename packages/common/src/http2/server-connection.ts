/** One connection of HTTP/2 as the server has it (RFC 9113): its streams, windows and settings. */
import type { Socket } from 'node:net';
import type { HeaderField } from '../hpack/header-field.js';
import { HpackDecoder } from '../hpack/hpack-decoder.js';
import { ConnectionWriter } from './connection-writer.js';
import { FrameBudget } from './frame-budget.js';
import { FrameReader, type FrameSink } from './frame-reader.js';
import {
  defaultWindow,
  errorCode,
  flag,
  frameType,
  mostWindow,
  reservedBit,
  setting,
  settingsPayload,
} from './frames.js';
import { HeaderBlockReader } from './header-block-reader.js';
import { Http2Error } from './http2-error.js';
import { PeerSettings } from './peer-settings.js';
import { checkTrailers, checkRequest, contentLengthOf } from './request-headers.js';
import { ServerStream, streamWindow, type StreamOwner } from './server-stream.js';

export interface ConnectionHandler {
  /** A request's headers are here. It is to be listened to at once. @param isTooLarge its headers are not all there */
  request(stream: ServerStream, isTooLarge: boolean): void;
  /** Something that is no fault of the peer was thrown; the connection has ended. */
  failed(thrown: unknown): void;
}

/** Requests in progress on a connection; further ones wait at the client. */
const maxConcurrentStreams = 1024;
/** Of all headers of a request. */
const maxHeaderListBytes = 2 ** 16;
/** Bytes on their way on the whole connection. What a stream holds back must not hold up others, so it is always renewed. */
const connectionWindow = 2 ** 24;
/** Streams that were ended here, of which more may still be on its way. */
const mostEnded = 2048;
/** Time that the last frames get to be read before a connection is ended by force, in milliseconds. */
export const lingerMs = 1000;

const ownSettings = settingsPayload([
  [setting.maxConcurrentStreams, maxConcurrentStreams],
  [setting.initialWindowSize, streamWindow],
  [setting.maxHeaderListSize, maxHeaderListBytes],
]);
const pingBytes = 8;

export class ServerConnection implements FrameSink, StreamOwner {
  readonly peer: string;
  readonly #socket: Socket;
  readonly #handler: ConnectionHandler;
  readonly #reader = new FrameReader(this);
  readonly #writer: ConnectionWriter;
  readonly #budget = new FrameBudget();
  readonly #headers = new HeaderBlockReader(new HpackDecoder(maxHeaderListBytes));
  readonly #settings = new PeerSettings();
  readonly #streams = new Map<number, ServerStream>();
  /** The oldest first. */
  readonly #ended = new Set<number>();
  #lastStreamId = 0;
  #received = 0;
  #isLeaving = false;
  /** Whose DATA is being read; undefined when it is thrown away. */
  #receiving: ServerStream | undefined;
  /** Of its frame: whose it is, how long it is, and how much of that is contents. */
  #dataStreamId = 0;
  #frameBytes = 0;
  #contentBytes = 0;

  constructor(socket: Socket, peer: string, handler: ConnectionHandler) {
    this.#socket = socket;
    this.peer = peer;
    this.#handler = handler;
    this.#writer = new ConnectionWriter(socket, this.#settings, this.#budget);
    socket.on('data', (chunk: Buffer) => this.receive(chunk));
    this.#writer.settings(ownSettings);
    this.#writer.windowUpdate(0, connectionWindow - defaultWindow);
  }

  /** The preface of HTTP/2 was there. */
  get hasBegun(): boolean {
    return this.#reader.hasBegun;
  }

  receive(chunk: Buffer): void {
    try {
      this.#reader.push(chunk);
    } catch (thrown) {
      if (thrown instanceof Http2Error) return this.leave(thrown.code, thrown.message);
      this.leave(errorCode.internalError);
      this.#handler.failed(thrown);
    }
  }

  /** Ends the stream that did something wrong; what else was thrown concerns the whole connection. */
  #endStream(thrown: unknown): void {
    if (!(thrown instanceof Http2Error) || thrown.streamId === undefined) throw thrown;
    const { streamId, code } = thrown;
    this.#reset(streamId, code);
    const stream = this.#streams.get(streamId);
    if (stream !== undefined) this.#forget(stream, true);
  }

  ping(): void {
    this.#writer.ping();
  }

  /**
   * Takes no new streams; ends when those there are have ended, at once after an error.
   * @param code of RFC 9113, section 7
   */
  leave(code: number = errorCode.noError, why = ''): void {
    if (!this.#isLeaving || code !== errorCode.noError) this.#writer.goaway(this.#lastStreamId, code, why);
    this.#isLeaving = true;
    if (code === errorCode.noError) return this.#endIfDone();
    this.#reader.stop();
    this.breakAll();
    this.#end();
    // A peer that does wrong may never read.
    setTimeout(() => this.#socket.destroy(), lingerMs).unref();
  }

  /** The connection is lost. */
  breakAll(): void {
    const streams = [...this.#streams.values()];
    this.#streams.clear();
    for (const stream of streams) {
      this.#writer.forget(stream);
      stream.over(true);
    }
  }

  #endIfDone(): void {
    if (this.#isLeaving && this.#streams.size === 0) this.#end();
  }

  #end(): void {
    this.#writer.flush();
    this.#socket.end();
  }

  // Frames that come:

  dataBegins(streamId: number, length: number): void {
    if (streamId === 0) throw new Http2Error(errorCode.protocolError, 'DATA belongs to no stream');
    if (this.#headers.isOpen) throw this.#headers.interrupted();
    this.#received += length;
    if (this.#received >= connectionWindow / 2) {
      this.#writer.windowUpdate(0, this.#received);
      this.#received = 0;
    }
    this.#frameBytes = length;
    this.#contentBytes = 0;
    this.#dataStreamId = streamId;
    const stream = this.#streams.get(streamId);
    if (stream === undefined) return this.#afterEnd(streamId, 'DATA');
    try {
      if (stream.isHalfClosed)
        throw new Http2Error(errorCode.streamClosed, 'DATA after the end of a stream', streamId);
      stream.take(length);
      this.#receiving = stream;
    } catch (thrown) {
      this.#endStream(thrown);
    }
  }

  data(piece: Buffer): void {
    this.#contentBytes += piece.length;
    this.#receiving?.data(piece);
  }

  dataEnds(isLast: boolean): void {
    const stream = this.#receiving;
    this.#receiving = undefined;
    if (!isLast && this.#contentBytes === 0) this.#budget.spend();
    if (isLast) this.#ended.delete(this.#dataStreamId);
    if (stream === undefined || stream.isOver) return;
    const padding = this.#frameBytes - this.#contentBytes;
    if (padding > 0) stream.consumed(padding);
    if (!isLast) return;
    try {
      stream.halfClose();
    } catch (thrown) {
      this.#endStream(thrown);
    }
  }

  frame(type: number, flags: number, streamId: number, payload: Buffer): void {
    if (this.#headers.isOpen && type !== frameType.continuation) throw this.#headers.interrupted();
    this.#writer.checkRead();
    try {
      this.#take(type, flags, streamId, payload);
    } catch (thrown) {
      this.#endStream(thrown);
    }
  }

  #take(type: number, flags: number, streamId: number, payload: Buffer): void {
    switch (type) {
      case frameType.headers:
        return this.#openHeaders(flags, streamId, payload);
      case frameType.continuation:
        return this.#moreHeaders(flags, streamId, payload);
      case frameType.settings:
        return this.#takeSettings(flags, streamId, payload);
      case frameType.ping:
        return this.#takePing(flags, streamId, payload);
      case frameType.windowUpdate:
        return this.#takeWindow(streamId, payload);
      case frameType.rstStream:
        return this.#takeReset(streamId, payload);
      case frameType.priority:
        return this.#takePriority(streamId, payload);
      case frameType.goaway:
        if (streamId !== 0) throw new Http2Error(errorCode.protocolError, 'GOAWAY belongs to a stream');
        return undefined;
      case frameType.pushPromise:
        throw new Http2Error(errorCode.protocolError, 'a client cannot push');
      default:
        // Unknown frames are extensions (section 5.5).
        return this.#budget.spend();
    }
  }

  #openHeaders(flags: number, streamId: number, payload: Buffer): void {
    if (streamId % 2 === 0)
      throw new Http2Error(errorCode.protocolError, `stream ${streamId} is none that a client may open`);
    this.#headers.open(flags, streamId, payload);
    this.#headersIfComplete();
  }

  #moreHeaders(flags: number, streamId: number, payload: Buffer): void {
    this.#headers.add(flags, streamId, payload);
    this.#headersIfComplete();
  }

  #headersIfComplete(): void {
    if (this.#headers.isOpen) return undefined;
    // Decoded whatever becomes of it: the next block may refer to this one.
    const { streamId, isLast, fields, isTooLarge, dependsOnItself } = this.#headers.take();
    if (dependsOnItself)
      throw new Http2Error(errorCode.protocolError, 'a stream depends on itself', streamId);
    const stream = this.#streams.get(streamId);
    if (stream !== undefined) return this.#takeTrailers(stream, fields, isLast);
    if (streamId <= this.#lastStreamId) {
      this.#afterEnd(streamId, 'HEADERS');
      if (isLast) this.#ended.delete(streamId);
      else this.#budget.spend();
      return undefined;
    }
    if (this.#isLeaving) return undefined;
    this.#lastStreamId = streamId;
    return this.#openStream(streamId, fields, isLast, isTooLarge);
  }

  #openStream(streamId: number, fields: readonly HeaderField[], isLast: boolean, isTooLarge: boolean): void {
    if (this.#streams.size >= maxConcurrentStreams) {
      this.#budget.spend();
      return this.#reset(streamId, errorCode.refusedStream);
    }
    if (!isTooLarge) checkRequest(streamId, fields);
    const contentLength = isTooLarge ? undefined : contentLengthOf(streamId, fields);
    const stream = new ServerStream(streamId, fields, contentLength, this.#settings.initialWindow, this);
    this.#streams.set(streamId, stream);
    this.#handler.request(stream, isTooLarge);
    if (isLast && !stream.isOver) stream.halfClose();
    return undefined;
  }

  #takeTrailers(stream: ServerStream, fields: readonly HeaderField[], isLast: boolean): void {
    if (stream.isHalfClosed)
      throw new Http2Error(errorCode.streamClosed, 'HEADERS after the end of a stream', stream.id);
    if (!isLast)
      throw new Http2Error(errorCode.protocolError, 'HEADERS in the middle of a stream', stream.id);
    checkTrailers(stream.id, fields);
    stream.halfClose();
  }

  /** What comes for a stream that has ended here may have been on its way; for another it is a mistake. */
  #afterEnd(streamId: number, what: string): void {
    if (streamId > this.#lastStreamId && !this.#isLeaving)
      throw new Http2Error(errorCode.protocolError, `${what} of a stream that was not opened`);
    if (streamId > this.#lastStreamId) return;
    if (!this.#ended.has(streamId))
      throw new Http2Error(errorCode.streamClosed, `${what} of a stream that has ended`);
  }

  #takeSettings(flags: number, streamId: number, payload: Buffer): void {
    if (streamId !== 0) throw new Http2Error(errorCode.protocolError, 'SETTINGS belong to a stream');
    if ((flags & flag.ack) !== 0) {
      if (payload.length > 0)
        throw new Http2Error(errorCode.frameSizeError, 'SETTINGS are acknowledged with others');
      return;
    }
    this.#budget.spend();
    const grown = this.#settings.take(payload);
    // First, so that the peer knows of everything else by which settings it was sent.
    this.#writer.acknowledge(frameType.settings, Buffer.alloc(0));
    if (grown !== 0) for (const stream of this.#streams.values()) this.#widen(stream, grown, undefined);
  }

  #takePing(flags: number, streamId: number, payload: Buffer): void {
    if (streamId !== 0) throw new Http2Error(errorCode.protocolError, 'PING belongs to a stream');
    if (payload.length !== pingBytes)
      throw new Http2Error(errorCode.frameSizeError, `PING has ${payload.length} bytes, expected 8`);
    if ((flags & flag.ack) !== 0) return;
    this.#budget.spend();
    this.#writer.acknowledge(frameType.ping, payload);
  }

  #takeWindow(streamId: number, payload: Buffer): void {
    if (payload.length !== 4)
      throw new Http2Error(errorCode.frameSizeError, `WINDOW_UPDATE has ${payload.length} bytes, expected 4`);
    const bytes = payload.readUInt32BE(0) & reservedBit;
    const stream = this.#streams.get(streamId);
    if (streamId !== 0 && stream === undefined) {
      if (streamId > this.#lastStreamId) this.#afterEnd(streamId, 'WINDOW_UPDATE');
      return;
    }
    if (bytes === 0) throw new Http2Error(errorCode.protocolError, 'WINDOW_UPDATE of nothing', stream?.id);
    if (stream !== undefined) this.#widen(stream, bytes, stream.id);
    else this.#writer.widen(bytes);
  }

  /** @param blamed the stream that ends when its window is too large; undefined for the connection */
  #widen(stream: ServerStream, bytes: number, blamed: number | undefined): void {
    stream.sendWindow += bytes;
    if (stream.sendWindow > mostWindow)
      throw new Http2Error(errorCode.flowControlError, 'the window of a stream is too large', blamed);
    this.#writer.ready(stream);
  }

  #takeReset(streamId: number, payload: Buffer): void {
    if (payload.length !== 4)
      throw new Http2Error(errorCode.frameSizeError, `RST_STREAM has ${payload.length} bytes, expected 4`);
    // One that came after the last one taken may have been opened and given up.
    if (streamId === 0 || (streamId > this.#lastStreamId && !this.#isLeaving))
      throw new Http2Error(errorCode.protocolError, 'RST_STREAM of a stream that was not opened');
    this.#budget.spend();
    this.#ended.delete(streamId);
    const stream = this.#streams.get(streamId);
    if (stream !== undefined) this.#forget(stream, true);
  }

  #takePriority(streamId: number, payload: Buffer): void {
    if (streamId === 0) throw new Http2Error(errorCode.protocolError, 'PRIORITY belongs to no stream');
    if (payload.length !== 5)
      throw new Http2Error(
        errorCode.frameSizeError,
        `PRIORITY has ${payload.length} bytes, expected 5`,
        streamId,
      );
    this.#budget.spend();
    if ((payload.readUInt32BE(0) & reservedBit) === streamId)
      throw new Http2Error(errorCode.protocolError, 'a stream depends on itself', streamId);
  }

  // What streams send:

  sendHeaders(stream: ServerStream, block: Uint8Array, isEnd: boolean): void {
    this.#writer.headers(stream.id, block, isEnd);
  }

  sendLater(stream: ServerStream): void {
    this.#writer.ready(stream);
  }

  sendWindow(stream: ServerStream, bytes: number): void {
    this.#writer.windowUpdate(stream.id, bytes);
  }

  close(stream: ServerStream, code: number | undefined): void {
    if (code !== undefined) this.#reset(stream.id, code);
    this.#forget(stream, code !== undefined && code !== errorCode.noError);
  }

  #reset(streamId: number, code: number): void {
    this.#ended.add(streamId);
    if (this.#ended.size > mostEnded) this.#ended.delete(this.#ended.values().next().value!);
    this.#writer.reset(streamId, code);
  }

  #forget(stream: ServerStream, isBroken: boolean): void {
    this.#streams.delete(stream.id);
    this.#writer.forget(stream);
    stream.over(isBroken);
    this.#endIfDone();
  }
}
