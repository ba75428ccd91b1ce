/** A command that failed: one line on the error stream and the exit code. */
import { ServingError } from '@serving/common';
import { InferError, type InferErrorCode } from '../infer-error.js';
import type { Streams } from './streams.js';

/** Exit codes: everything succeeded, something failed at or on the way to the server, the input or options are wrong. */
export const exitCodes = { ok: 0, failed: 1, usage: 2 } as const;

/** What the user may do about an error. */
export type Hints = Readonly<Partial<Record<InferErrorCode, string>>>;

/** The exit code. A fault of this program is thrown on: it deserves its stack. */
export function reportProblem(
  thrown: unknown,
  hints: Hints,
  { writeError }: Pick<Streams, 'writeError'>,
): number {
  if (thrown instanceof ServingError) {
    writeError(`serving-client: ${thrown.message}\n`);
    return exitCodes.usage;
  }
  if (!(thrown instanceof InferError)) throw thrown;
  const hint = hints[thrown.code];
  const text = hint === undefined ? thrown.message : `${thrown.message}; ${hint}`;
  writeError(`serving-client: ${text}\n`);
  // Without a status nothing was sent: the instances themselves are wrong.
  return thrown.grpcStatus === undefined ? exitCodes.usage : exitCodes.failed;
}
