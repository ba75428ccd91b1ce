/** How a call goes over the wire: what its message is put into, and who makes one call alone. */
import { request as httpRequest } from 'node:http';
import { WrongReply } from './load-generator.ts';
import { callOnce } from './unary-call.ts';

export interface Wire {
  /** What the generators are told. */
  readonly transport: 'grpc' | 'http';
  readonly headers: Readonly<Record<string, string>>;
  /** The bytes of a body that carries the message. */
  readonly frame: (message: Uint8Array) => Uint8Array;
  /** One call, as a client outside of the generator makes it. @throws WrongReply */
  readonly call: (address: string, path: string, message: Uint8Array) => Promise<Uint8Array>;
}

/** A message as gRPC sends it: not compressed, length, bytes. */
function grpcFrame(message: Uint8Array): Uint8Array {
  const frame = Buffer.alloc(5 + message.byteLength);
  frame.writeUInt32BE(message.byteLength, 1);
  frame.set(message, 5);
  return frame;
}

export const grpc: Wire = {
  transport: 'grpc',
  headers: { 'content-type': 'application/grpc', te: 'trailers' },
  frame: grpcFrame,
  call: callOnce,
};

/** HTTP/1.1: a connection for each call in flight. */
export function http(headers: Readonly<Record<string, string>>): Wire {
  return {
    transport: 'http',
    headers,
    frame: (message) => message,
    call: (address, path, message) => post(address, path, message, headers),
  };
}

const limitMs = 10_000;

function post(
  address: string,
  path: string,
  message: Uint8Array,
  headers: Readonly<Record<string, string>>,
): Promise<Uint8Array> {
  return new Promise((resolve, reject) => {
    const options = { method: 'POST', headers: { ...headers, 'content-length': message.byteLength } };
    const call = httpRequest(`http://${address}${path}`, { ...options, timeout: limitMs }, (reply) => {
      const pieces: Buffer[] = [];
      reply.on('data', (piece: Buffer) => pieces.push(piece));
      reply.on('error', reject);
      reply.on('end', () => {
        const body = Buffer.concat(pieces);
        if (reply.statusCode === 200) resolve(body);
        else
          reject(
            new WrongReply(`${path}: HTTP status ${reply.statusCode}: ${body.toString('utf8', 0, 500)}`),
          );
      });
    });
    call.on('timeout', () => call.destroy(new WrongReply(`${path}: no reply within ${limitMs} ms`)));
    call.on('error', reject);
    call.end(message);
  });
}
