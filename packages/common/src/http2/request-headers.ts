/** Whether the headers of a request are such (RFC 9113, section 8). */
import type { HeaderField } from '../hpack/header-field.js';
import { errorCode } from './frames.js';
import { Http2Error } from './http2-error.js';

const requestPseudoHeaders = new Set([':method', ':scheme', ':path', ':authority']);
const connectionHeaders = new Set([
  'connection',
  'keep-alive',
  'proxy-connection',
  'transfer-encoding',
  'upgrade',
]);
/** Tokens without capital letters (section 8.2.1, RFC 9110, section 5.6.2). */
const fieldName = /^[!#$%&'*+\-.^_`|~0-9a-z]+$/;
const controls = /[\0\r\n]/;

/** @throws Http2Error PROTOCOL_ERROR, of the stream */
export function checkRequest(streamId: number, fields: readonly HeaderField[]): void {
  const seen = new Set<string>();
  let isRegular = false;
  for (const { name, value } of fields) {
    const isPseudo = name.startsWith(':');
    if (isPseudo && (isRegular || !requestPseudoHeaders.has(name) || seen.has(name)))
      throw malformed(streamId, `${name} is not expected there`);
    if (isPseudo) seen.add(name);
    else {
      isRegular = true;
      checkField(streamId, name, value);
    }
    if (controls.test(value)) throw malformed(streamId, `${name} has a line break`);
  }
  for (const name of [':method', ':scheme', ':path'])
    if (!seen.has(name)) throw malformed(streamId, `${name} is missing`);
  if (valueOf(fields, ':path') === '') throw malformed(streamId, ':path is empty');
}

/** @throws Http2Error PROTOCOL_ERROR, of the stream */
export function checkTrailers(streamId: number, fields: readonly HeaderField[]): void {
  for (const { name, value } of fields) checkField(streamId, name, value);
}

function checkField(streamId: number, name: string, value: string): void {
  if (!fieldName.test(name)) throw malformed(streamId, 'the name of a header is none');
  if (connectionHeaders.has(name) || (name === 'te' && value !== 'trailers'))
    throw malformed(streamId, `${name} is of HTTP/1.1`);
}

/** The first value of a header. @param name in lower case */
export function valueOf(fields: readonly HeaderField[], name: string): string | undefined {
  for (const field of fields) if (field.name === name) return field.value;
  return undefined;
}

/** Undefined when the request does not say. @throws Http2Error PROTOCOL_ERROR, of the stream */
export function contentLengthOf(streamId: number, fields: readonly HeaderField[]): number | undefined {
  const text = valueOf(fields, 'content-length');
  if (text === undefined) return undefined;
  if (!/^\d{1,15}$/.test(text)) throw malformed(streamId, 'content-length is no length');
  return Number(text);
}

function malformed(streamId: number, why: string): Http2Error {
  return new Http2Error(errorCode.protocolError, `the headers of a request are malformed: ${why}`, streamId);
}
