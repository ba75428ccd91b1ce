/** Addresses as users write them: `5500`, `host:5500`, `[::1]:5500`, `unix:path`. */
import { isIPv6 } from 'node:net';
import { ServingError } from '../errors/serving-error.js';

const form = 'expected a port (5500), host:port (127.0.0.1:5500) or unix:path';

/** The address in full: `host:port` or `unix:path`. @throws ServingError CONFIG_INVALID */
export function parseAddress(text: string, defaultHost = '127.0.0.1'): string {
  if (text.startsWith('unix:')) {
    if (text.length === 5) throw invalid(text, 'the path is empty');
    // Linux keeps 108 bytes for a socket's path, one of them for the terminator (unix(7)).
    if (Buffer.byteLength(text.slice(5)) > 107) throw invalid(text, 'a socket path has at most 107 bytes');
    return text;
  }
  const colon = text.lastIndexOf(':');
  const given = colon === -1 ? defaultHost : text.slice(0, colon);
  const host = colon === -1 && isIPv6(given) ? `[${given}]` : given;
  const port = colon === -1 ? text : text.slice(colon + 1);
  if (!/^\d{1,5}$/.test(port) || Number(port) > 65_535) throw invalid(text, portMistake(port, colon !== -1));
  if (!isHost(host)) throw invalid(text, 'the host is not valid');
  return `${host}:${Number(port)}`;
}

/** Several addresses in full. @throws ServingError CONFIG_INVALID also when there is none, or one is there twice */
export function parseAddresses(texts: readonly string[]): string[] {
  const addresses = texts.map((text) => parseAddress(text));
  if (addresses.length === 0)
    throw new ServingError('CONFIG_INVALID', 'expected at least one address, given none');
  const twice = addresses.find((address, index) => addresses.indexOf(address) < index);
  if (twice !== undefined)
    throw new ServingError(
      'CONFIG_INVALID',
      `expected addresses of which each is given once, given ${twice} twice`,
    );
  return addresses;
}

function portMistake(given: string, hasHost: boolean): string {
  if (/^-?\d{1,5}$|^\d{6,}$/.test(given)) return 'the port is out of range [0 ~ 65535]';
  return given === '' || !hasHost ? 'the port is missing' : `'${given}' is no port`;
}

/** A name, an IPv4 address or an IPv6 address in brackets. */
function isHost(host: string): boolean {
  const bracketed = /^\[(.*)\]$/.exec(host);
  return bracketed === null ? /^[^\s:/@[\]]+$/.test(host) : isIPv6(bracketed[1]!);
}

function invalid(text: string, why: string): ServingError {
  return new ServingError('CONFIG_INVALID', `address '${text}': ${why}; ${form}`);
}
