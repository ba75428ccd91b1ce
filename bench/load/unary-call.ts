/** One unary gRPC call with raw bytes, as a client outside the load generator makes it. */
import { Client, credentials } from '@grpc/grpc-js';
import { WrongReply } from './load-generator.ts';

const limitMs = 10_000;
const toBuffer = (bytes: Uint8Array) => Buffer.from(bytes.buffer, bytes.byteOffset, bytes.byteLength);
const identity = (bytes: Buffer): Uint8Array => bytes;

/** @throws WrongReply when the call ends with an error */
export async function callOnce(address: string, path: string, request: Uint8Array): Promise<Uint8Array> {
  // A proxy of the environment has no business between two processes of one machine.
  const client = new Client(address, credentials.createInsecure(), { 'grpc.enable_http_proxy': 0 });
  try {
    return await new Promise((resolve, reject) => {
      const deadline = Date.now() + limitMs;
      client.makeUnaryRequest(path, toBuffer, identity, request, { deadline }, (error, reply) => {
        if (error !== null || reply === undefined)
          reject(new WrongReply(`${path}: ${error?.message ?? 'no reply'}`));
        else resolve(reply);
      });
    });
  } finally {
    client.close();
  }
}
