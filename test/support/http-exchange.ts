/** One request over HTTP, on a connection of its own, and its reply as it came. */
import { request, type IncomingHttpHeaders } from 'node:http';

export interface HttpReply {
  readonly status: number;
  readonly headers: IncomingHttpHeaders;
  /** Undecoded. */
  readonly body: Buffer;
}

export interface HttpRequest {
  readonly headers?: Readonly<Record<string, string>>;
  readonly body?: Uint8Array;
}

/** @param address `host:port` */
export function exchange(
  address: string,
  method: string,
  path: string,
  { headers = {}, body = new Uint8Array(0) }: HttpRequest = {},
): Promise<HttpReply> {
  return new Promise((resolve, reject) => {
    const [host, port] = address.split(':');
    const given = { ...headers, ...(body.length > 0 ? { 'content-length': body.length } : {}) };
    const sent = request({ host, port, method, path, headers: given, agent: false }, (response) => {
      const pieces: Buffer[] = [];
      response.on('data', (piece: Buffer) => pieces.push(piece));
      response.on('error', reject);
      response.on('end', () =>
        resolve({ status: response.statusCode!, headers: response.headers, body: Buffer.concat(pieces) }),
      );
    });
    sent.on('error', reject);
    sent.end(body);
  });
}
