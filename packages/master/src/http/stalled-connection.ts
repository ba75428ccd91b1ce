/** Connections whose reply nobody reads, or whose request nobody wants any more. */
import type { IncomingMessage, ServerResponse } from 'node:http';
import type { StallWatch, Watched } from './stall-watch.js';

/** A reply on its way: given up when nothing of it has gone out for the watch's grace. */
export class UnreadReply implements Watched {
  readonly #watch: StallWatch;
  readonly #response: ServerResponse;
  #sent: number;
  #since: number;

  constructor(watch: StallWatch, response: ServerResponse) {
    this.#watch = watch;
    this.#response = response;
    this.#sent = this.#bytesSent();
    this.#since = watch.now();
    response.once('close', () => watch.remove(this));
  }

  #bytesSent(): number {
    const { socket } = this.#response;
    // What waits in the process counts as written, so what waits is taken off.
    return socket === null ? 0 : socket.bytesWritten - socket.writableLength;
  }

  isStalled(nowMs: number): boolean {
    const sent = this.#bytesSent();
    if (sent !== this.#sent || this.#isBehindOthers()) {
      this.#sent = sent;
      this.#since = nowMs;
    }
    return nowMs - this.#since > this.#watch.graceMs;
  }

  /** It has no connection while earlier ones go out on it, which is not its reader's doing. */
  #isBehindOthers(): boolean {
    const { socket, req } = this.#response;
    return socket === null && !req.socket.destroyed;
  }

  giveUp(): void {
    this.#response.destroy();
  }
}

/**
 * The rest of a request that was answered already. It is read and thrown away for a while, since clients that are cut
 * off while they send do not see their reply.
 */
export class UnwantedUpload implements Watched {
  readonly #request: IncomingMessage;
  readonly #until: number;

  constructor(watch: StallWatch, request: IncomingMessage) {
    this.#request = request;
    this.#until = watch.now() + watch.graceMs;
    request.once('close', () => watch.remove(this));
    request.once('end', () => watch.remove(this));
  }

  isStalled(nowMs: number): boolean {
    return nowMs >= this.#until;
  }

  giveUp(): void {
    this.#request.socket.destroy();
  }
}
