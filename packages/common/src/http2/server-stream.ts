/** One request and its answer: a stream of HTTP/2 as the server has it. */
import { Fifo } from '../collection/fifo.js';
import type { HeaderField } from '../hpack/header-field.js';
import type { Linked, LinkedList } from '../collection/linked-list.js';
import { errorCode } from './frames.js';
import { Http2Error } from './http2-error.js';
import type { StreamListener } from './stream-listener.js';

/** What a stream needs of its connection. */
export interface StreamOwner {
  readonly peer: string;
  sendHeaders(stream: ServerStream, block: Uint8Array, isEnd: boolean): void;
  /** The stream has something to send. */
  sendLater(stream: ServerStream): void;
  sendWindow(stream: ServerStream, bytes: number): void;
  /** Ends the stream; with a code, the peer is told. */
  close(stream: ServerStream, code: number | undefined): void;
}

/** Bytes that a peer may send before the first are consumed. */
export const streamWindow = 2 ** 20;

export class ServerStream implements Linked<ServerStream> {
  /** Among the streams that have something to send. */
  previous: ServerStream | undefined;
  next: ServerStream | undefined;
  list: LinkedList<ServerStream> | undefined;
  readonly id: number;
  readonly fields: readonly HeaderField[];
  readonly #owner: StreamOwner;
  #listener: StreamListener | undefined;
  /** What the peer still takes. */
  sendWindow: number;
  readonly #pieces = new Fifo<Uint8Array>();
  /** Of the first piece, what is sent. */
  #sent = 0;
  #unsent = 0;
  /** To be sent after all the pieces. */
  #trailers: Uint8Array | undefined;
  #receiveWindow = streamWindow;
  #consumed = 0;
  #isHalfClosed = false;
  #isOver = false;
  /** Bytes that are still to come, if the request's headers said so. */
  #contentLeft: number | undefined;

  constructor(
    id: number,
    fields: readonly HeaderField[],
    contentLength: number | undefined,
    sendWindow: number,
    owner: StreamOwner,
  ) {
    this.id = id;
    this.fields = fields;
    this.#contentLeft = contentLength;
    this.sendWindow = sendWindow;
    this.#owner = owner;
  }

  listen(listener: StreamListener): void {
    this.#listener = listener;
  }

  get peer(): string {
    return this.#owner.peer;
  }

  /** The peer has sent all. */
  get isHalfClosed(): boolean {
    return this.#isHalfClosed;
  }

  /** Nothing can be sent or received any more. */
  get isOver(): boolean {
    return this.#isOver;
  }

  /** Bytes that were written and have not been handed on to the connection. */
  get unsentBytes(): number {
    return this.#unsent;
  }

  get trailers(): Uint8Array | undefined {
    return this.#trailers;
  }

  // What its user does:

  respond(block: Uint8Array): void {
    if (!this.#isOver) this.#owner.sendHeaders(this, block, false);
  }

  /** Answers with headers alone. */
  respondAndEnd(block: Uint8Array): void {
    if (this.#isOver) return;
    this.#owner.sendHeaders(this, block, true);
    this.#sentAll();
  }

  /** The pieces must not change until they are sent. */
  write(pieces: readonly Uint8Array[]): void {
    if (this.#isOver) return;
    for (const piece of pieces) {
      if (piece.length === 0) continue;
      this.#pieces.add(piece);
      this.#unsent += piece.length;
    }
    this.#owner.sendLater(this);
  }

  /** The trailers come after all that was written. */
  end(trailers: Uint8Array): void {
    if (this.#isOver) return;
    this.#trailers = trailers;
    this.#owner.sendLater(this);
  }

  reset(code: number): void {
    if (!this.#isOver) this.#owner.close(this, code);
  }

  /** Bytes of the data that was received are done with: the peer may send as many more. */
  consumed(bytes: number): void {
    if (this.#isOver || this.#isHalfClosed) return;
    this.#consumed += bytes;
    if (this.#consumed < streamWindow / 2) return;
    this.#receiveWindow += this.#consumed;
    this.#owner.sendWindow(this, this.#consumed);
    this.#consumed = 0;
  }

  // What its connection does:

  /** @throws Http2Error when the peer has sent more than it may */
  take(length: number): void {
    this.#receiveWindow -= length;
    if (this.#receiveWindow < 0)
      throw new Http2Error(errorCode.flowControlError, 'the stream has more data than its window', this.id);
  }

  data(piece: Buffer): void {
    if (this.#contentLeft !== undefined) this.#contentLeft -= piece.length;
    this.#listener?.data(piece);
  }

  /** @throws Http2Error when it is not as long as it was to be */
  halfClose(): void {
    this.#isHalfClosed = true;
    if (this.#contentLeft !== undefined && this.#contentLeft !== 0)
      throw new Http2Error(
        errorCode.protocolError,
        'the content is not of the length it was to have',
        this.id,
      );
    this.#listener?.end();
  }

  /** As much of what is unsent as `most` bytes, in pieces. */
  takeUnsent(most: number, take: (piece: Uint8Array) => void): void {
    let left = most;
    this.#unsent -= most;
    this.sendWindow -= most;
    while (left > 0) {
      const piece = this.#pieces.first!;
      const end = Math.min(piece.length, this.#sent + left);
      left -= end - this.#sent;
      take(this.#sent === 0 && end === piece.length ? piece : piece.subarray(this.#sent, end));
      this.#sent = end;
      if (end < piece.length) return;
      this.#pieces.take();
      this.#sent = 0;
    }
  }

  drained(): void {
    this.#listener?.drained();
  }

  /** The trailers are sent: a peer that has not sent all is told that nobody wants the rest. */
  #sentAll(): void {
    this.#owner.close(this, this.#isHalfClosed ? undefined : errorCode.noError);
  }

  trailersSent(): void {
    this.#sentAll();
  }

  /** Lets go of everything: whoever still holds the stream holds nothing else. */
  over(isBroken: boolean): void {
    if (this.#isOver) return;
    this.#isOver = true;
    this.#pieces.clear();
    this.#unsent = 0;
    const listener = this.#listener;
    this.#listener = undefined;
    if (isBroken) listener?.broken();
    else listener?.drained();
  }
}
