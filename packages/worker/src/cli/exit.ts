/** How serving-worker ends. */
import { endAtOnce, stackOrLine, type ErrorCode, type ServingError } from '@serving/common';

export const exitCodes: Partial<Record<ErrorCode, number>> = {
  CONFIG_INVALID: 2,
  LOAD_FAILED: 3,
  REPLICA_REFUSED: 5,
  PROTOCOL_MISMATCH: 5,
};

/** Codes after which the same process would only end the same way again. */
export function isFatal(exitCode: number): boolean {
  return Object.values(exitCodes).includes(exitCode);
}

/** Whether a thread is inside native code that it does not leave: exiting around it aborts with a core dump. */
let isStuck = false;

export function markStuck(): void {
  isStuck = true;
}

export function mustBeKilled(): boolean {
  return isStuck;
}

export function exit(code: number): void {
  if (isStuck) endAtOnce('SIGKILL');
  else process.exit(code);
}

export function fail(error: ServingError): void {
  for (const line of error.message.split('\n')) process.stderr.write(`serving-worker: ${line}\n`);
  if (error.code === 'INTERNAL') {
    const { cause } = error;
    process.stderr.write(`\n${stackOrLine(cause)}\n`);
  }
  exit(exitCodes[error.code] ?? 1);
}
