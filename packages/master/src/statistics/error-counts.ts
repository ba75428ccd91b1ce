/** How often each error was the answer. */
import { ServingError, type ErrorCode } from '@serving/common';

export class ErrorCounts {
  readonly #counts = new Map<ErrorCode, number>();

  /** @param thrown whatever the request ended with */
  add(thrown: unknown): void {
    const code = thrown instanceof ServingError ? thrown.code : 'INTERNAL';
    this.#counts.set(code, this.of(code) + 1);
  }

  of(code: ErrorCode): number {
    return this.#counts.get(code) ?? 0;
  }
}
