/** What a client may be told beyond its address, servable and method. */
import type { ChannelOptions } from '@grpc/grpc-js';
import { mostPriority, ServingError } from '@serving/common';

export interface ClientOptions {
  /** Version of the servable; 0 asks for the server's default, the newest. @default 0 */
  readonly version?: number | bigint;
  /**
   * How long a call may take, in milliseconds, connecting included. Then it rejects with DEADLINE_EXCEEDED, and a
   * server that looks at deadlines stops working on it. `Infinity`, or more than 24 days, waits for ever: a server
   * that hangs is then never noticed. @default 60000
   */
  readonly deadlineMs?: number;
  /** Largest request and reply, in MiB; the server has a limit of its own. @default 512 */
  readonly maxMessageMb?: number;
}

export const mebibyte = 2 ** 20;
/** grpc-js keeps the limit in a signed 32-bit integer. */
const largestMessageMb = 2047;
const longestDeadlineMs = 2 ** 31 - 1;

export interface ResolvedOptions {
  readonly version: bigint;
  readonly deadlineMs: number;
  readonly maxMessageMb: number;
}

/** Programs in JavaScript get no word from a compiler when they misspell one. @throws ServingError CONFIG_INVALID */
export function checkKeys(options: object, known: readonly string[]): void {
  if (typeof options !== 'object' || options === null)
    throw invalid('options', `an object with ${known.join(', ')}`, options);
  const unknown = Object.keys(options).find((key) => !known.includes(key));
  if (unknown !== undefined)
    throw new ServingError('CONFIG_INVALID', `unknown option '${unknown}'; expected ${known.join(', ')}`);
}

/** @throws ServingError CONFIG_INVALID */
export function resolveOptions(options: ClientOptions): ResolvedOptions {
  checkKeys(options, ['version', 'deadlineMs', 'maxMessageMb']);
  const { version = 0, deadlineMs = 60_000, maxMessageMb = 512 } = options;
  if (!(maxMessageMb >= 1 && maxMessageMb <= largestMessageMb))
    throw invalid('maxMessageMb', `a number from 1 to ${largestMessageMb}`, maxMessageMb);
  return { version: checkVersion(version), deadlineMs: checkDeadline(deadlineMs), maxMessageMb };
}

function checkVersion(version: number | bigint): bigint {
  if (
    typeof version === 'bigint'
      ? version >= 0n && version < 2n ** 64n
      : Number.isSafeInteger(version) && version >= 0
  )
    return BigInt(version);
  throw invalid('version', 'a whole number, 0 for the newest', version);
}

/**
 * Infinity for what a timer cannot count, above 24 days: grpc-js would fail such calls at once, or never settle them.
 * @throws ServingError CONFIG_INVALID
 */
export function checkDeadline(deadlineMs: number): number {
  if (typeof deadlineMs === 'number' && deadlineMs > 0)
    return deadlineMs > longestDeadlineMs ? Infinity : deadlineMs;
  throw invalid('deadlineMs', 'a number above 0, or Infinity for no deadline', deadlineMs);
}

/** @throws ServingError CONFIG_INVALID */
export function checkPriority(priority: number | undefined): number | undefined {
  if (priority === undefined || (Number.isInteger(priority) && Math.abs(priority) <= mostPriority))
    return priority;
  throw invalid('priority', `a whole number from -${mostPriority} to ${mostPriority}`, priority);
}

/** @throws ServingError CONFIG_INVALID */
export function checkName(what: string, name: string): string {
  if (typeof name === 'string' && name !== '') return name;
  throw invalid(what, 'a name', name);
}

function invalid(option: string, expected: string, given: unknown): ServingError {
  const shown = typeof given === 'string' ? `'${given}'` : String(given);
  return new ServingError('CONFIG_INVALID', `${option}: expected ${expected}, given ${shown}`);
}

export function channelOptions(address: string, maxMessageBytes: number): ChannelOptions {
  return {
    'grpc.max_receive_message_length': maxMessageBytes,
    'grpc.max_send_message_length': maxMessageBytes,
    // The default backs off for up to two minutes, in which a server that is back again stays UNAVAILABLE.
    'grpc.initial_reconnect_backoff_ms': 200,
    'grpc.max_reconnect_backoff_ms': 5000,
    // No proxy can reach this machine's own loopback, yet http_proxy alone would send calls there.
    ...(isLoopback(address) ? { 'grpc.enable_http_proxy': 0 } : {}),
  };
}

function isLoopback(address: string): boolean {
  return /^(?:localhost:|127\.|\[::1\]:|unix:)/.test(address);
}
