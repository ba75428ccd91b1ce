/** What Node could not read as a request at all: it is answered here, since no route knows of it. */
import { STATUS_CODES } from 'node:http';
import type { Socket } from 'node:net';
import { headersTimeoutMs, maxHeaderBytes } from './connection-limits.js';

interface ClientError extends Error {
  readonly code?: string;
}

const answers: Readonly<Record<string, readonly [status: number, text: string]>> = {
  HPE_HEADER_OVERFLOW: [
    431,
    `request line and headers: expected at most ${maxHeaderBytes} bytes, given more`,
  ],
  ERR_HTTP_REQUEST_TIMEOUT: [408, `headers: expected them in full within ${headersTimeoutMs} ms`],
  HPE_CHUNK_EXTENSIONS_OVERFLOW: [413, 'chunk extensions: expected fewer bytes'],
};

export function onClientError(error: ClientError, socket: Socket): void {
  if (error.code === 'ECONNRESET' || !socket.writable) {
    socket.destroy();
    return;
  }
  const [status, text] = answers[error.code ?? ''] ?? [
    400,
    `expected a request of HTTP/1.1, given ${error.message}`,
  ];
  const body = JSON.stringify({ error: text });
  const head = [
    `HTTP/1.1 ${status} ${STATUS_CODES[status]}`,
    'content-type: application/json',
    `content-length: ${Buffer.byteLength(body)}`,
    'connection: close',
  ];
  socket.end(`${head.join('\r\n')}\r\n\r\n${body}`, () => socket.destroy());
}
