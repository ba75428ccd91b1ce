/**
 * How many frames that bring nothing forward a peer may send: resets of what it has just asked for, pings, settings, empty
 * data. Each costs the sender next to nothing, and this side some work or an answer. Data that is sent earns such frames:
 * clients that measure the way to this side, as those of Go do, send pings as they read it.
 */
import { errorCode } from './frames.js';
import { Http2Error } from './http2-error.js';

const mostAtOnce = 10_000;
const perSecond = 1000;

export class FrameBudget {
  #left = mostAtOnce;
  #refilledAt = performance.now();

  /** Data was sent: the peer may say something about it. */
  earn(): void {
    if (this.#left < mostAtOnce) this.#left++;
  }

  /** @throws Http2Error ENHANCE_YOUR_CALM */
  spend(): void {
    if (this.#left-- > 0) return;
    const now = performance.now();
    this.#left = Math.min(mostAtOnce, Math.floor(((now - this.#refilledAt) / 1000) * perSecond)) - 1;
    this.#refilledAt = now;
    if (this.#left < 0)
      throw new Http2Error(errorCode.enhanceYourCalm, 'too many frames that bring nothing forward');
  }
}
