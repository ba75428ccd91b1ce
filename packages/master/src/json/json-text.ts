/** JSON that is being written: text that grows, encoded piece by piece, as all of it may be longer than a string can be. */
import { textOfSlice } from '../slices/slices.js';

/** Characters that are encoded at a time. */
const encodedLength = 2 ** 16;

export class JsonText {
  readonly #encoded: Uint8Array[] = [];
  #text = '';
  /** Characters until the next pause is due. */
  #untilPause = textOfSlice;

  add(text: string): void {
    this.#text += text;
    this.#untilPause -= text.length;
    if (this.#text.length >= encodedLength) this.#encode();
  }

  /** Whether enough has been written, since this was last true, for whoever writes to pause. */
  isPauseDue(): boolean {
    if (this.#untilPause > 0) return false;
    this.#untilPause = textOfSlice;
    return true;
  }

  /** All of it, in UTF-8; to be asked for once. */
  finish(): Uint8Array[] {
    if (this.#text !== '') this.#encode();
    return this.#encoded;
  }

  #encode(): void {
    this.#encoded.push(Buffer.from(this.#text));
    this.#text = '';
  }
}
