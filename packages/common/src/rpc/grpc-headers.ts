/** The headers of gRPC over HTTP/2 (grpc/grpc, doc/PROTOCOL-HTTP2.md). */
import type { HeaderField } from '../hpack/header-field.js';
import { encodeHeaders } from '../hpack/hpack-encoder.js';
import { grpcStatus } from '../errors/error-codes.js';
import { longestTimeoutMs } from '../timing/clock.js';
import type { RpcResult } from './rpc-handler.js';

/** How a call ends. */
export type RpcEnd = Omit<RpcResult, 'body'>;

/** Clients refuse headers of more than 8 KiB in all; the longest message leaves room for others. */
const maxMessageBytes = 4096;
const unitsMs: Readonly<Record<string, number>> = {
  H: 3_600_000,
  M: 60_000,
  S: 1000,
  m: 1,
  u: 1e-3,
  n: 1e-6,
};
/** Printable ASCII, without blanks at its ends; and the value of a name that ends with -bin is base64. */
const headerValue = /^(?! )[\x20-\x7e]*(?<! )$/;
const headerName = /^[0-9a-z_.-]+$/;
/** What stands for itself in a status message: printable ASCII but `%`. */
const isPlain = (byte: number) => byte >= 0x20 && byte <= 0x7e && byte !== 0x25;

const beginning: readonly HeaderField[] = [
  { name: ':status', value: '200' },
  { name: 'content-type', value: 'application/grpc' },
];

/** Headers of an answer that has messages. */
export const responseHeaders = encodeHeaders(beginning);
/** Trailers of one that is good. */
const okTrailers = encodeHeaders([{ name: 'grpc-status', value: '0' }]);

/** The answer to what is no call of gRPC, with the reason where a person finds it. */
export function wrongContentType(given: string | undefined): Uint8Array {
  const message = `expected content-type application/grpc, given ${JSON.stringify(given ?? 'none')}; HTTP requests are taken on another port, by --rest`;
  return encodeHeaders([
    { name: ':status', value: '415' },
    ...endFields({ status: grpcStatus.INVALID_ARGUMENT, message }),
  ]);
}

/** @throws Error for a trailer that cannot be sent */
export function trailersOf(end: RpcEnd): Uint8Array {
  return end.status === grpcStatus.OK && end.trailers === undefined
    ? okTrailers
    : encodeHeaders(endFields(end));
}

/** The headers of an answer without a message. @throws Error for a trailer that cannot be sent */
export function trailersOnly(end: RpcEnd): Uint8Array {
  return encodeHeaders([...beginning, ...endFields(end)]);
}

function endFields({ status, message = '', trailers = {} }: RpcEnd): HeaderField[] {
  const fields = [{ name: 'grpc-status', value: String(status) }];
  if (message !== '') fields.push({ name: 'grpc-message', value: headerText(message) });
  for (const [name, value] of Object.entries(trailers)) {
    if (!headerName.test(name) || !headerValue.test(value))
      throw new Error(`trailer ${name}: expected printable ASCII, given ${JSON.stringify(value)}`);
    fields.push({ name, value });
  }
  return fields;
}

/** The text percent-encoded and of bounded length; lone surrogates become U+FFFD. */
function headerText(text: string): string {
  let shown = '';
  for (const character of text) {
    const encoded = percentEncoded(Buffer.from(character, 'utf8'));
    if (shown.length + encoded.length > maxMessageBytes) return `${shown}${percentEncoded(Buffer.from('…'))}`;
    shown += encoded;
  }
  return shown;
}

function percentEncoded(bytes: Uint8Array): string {
  let text = '';
  for (const byte of bytes)
    text += isPlain(byte)
      ? String.fromCharCode(byte)
      : `%${byte.toString(16).toUpperCase().padStart(2, '0')}`;
  return text;
}

/**
 * `grpc-timeout` in milliseconds; Infinity for none, and for one that is longer than any timer counts; undefined for a text that
 * is no timeout.
 */
export function timeoutMs(text: string | undefined): number | undefined {
  if (text === undefined) return Infinity;
  const [, digits, unit] = /^(\d{1,8})([HMSmun])$/.exec(text) ?? [];
  if (digits === undefined || unit === undefined) return undefined;
  const ms = Number(digits) * unitsMs[unit]!;
  return ms > longestTimeoutMs ? Infinity : ms;
}
