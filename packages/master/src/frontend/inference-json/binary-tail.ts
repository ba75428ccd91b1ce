/** Tensors that stand behind the JSON of a body, one after another in the order of their inputs. */
import { badRequest } from './reading.js';

export const headerLengthName = 'Inference-Header-Content-Length';

/**
 * Bytes of JSON at the start of a body, as the header of this name says.
 * @throws ServingError BAD_REQUEST when it is no number, or more than there are
 */
export function jsonLength(header: string | undefined, bodyBytes: number): number {
  if (header === undefined) return bodyBytes;
  if (!/^\s*[+-]?\d+\s*$/.test(header))
    throw badRequest(`Unable to parse ${headerLengthName}, got: ${header}; expected a whole number`);
  const length = Number(header);
  if (length >= 0 && length <= bodyBytes) return length;
  throw badRequest(`inference header size should be in range (0, ${bodyBytes}), got: ${header}`);
}

export class BinaryTail {
  readonly #body: Uint8Array;
  readonly #model: string;
  #at: number;

  /** @param from where the JSON ends */
  constructor(body: Uint8Array, from: number, model: string) {
    this.#body = body;
    this.#at = from;
    this.#model = model;
  }

  /** The next tensor, as a view. @throws ServingError BAD_REQUEST when there are fewer bytes */
  take(input: string, bytes: number): Uint8Array {
    const given = this.#body.length - this.#at;
    if (bytes > given)
      throw badRequest(
        `unexpected size for input '${input}', expecting ${bytes - given} additional bytes for model '${this.#model}'`,
      );
    const from = this.#at;
    this.#at += bytes;
    return this.#body.subarray(from, this.#at);
  }

  /** @throws ServingError BAD_REQUEST when some are left */
  end(): void {
    const left = this.#body.length - this.#at;
    if (left > 0)
      throw badRequest(
        `unexpected additional input data for model '${this.#model}': expected as many bytes behind the JSON as the inputs' binary_data_size add up to, given ${left} more`,
      );
  }
}
