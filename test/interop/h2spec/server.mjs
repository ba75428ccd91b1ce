// A server on the transport alone: it answers every request, once that is there in full, with a word and trailers.
import { encodeHeaders } from '../../../packages/common/dist/hpack/hpack-encoder.js';
import { Http2Server } from '../../../packages/common/dist/http2/http2-server.js';

const headers = encodeHeaders([{ name: ':status', value: '200' }]);
const trailers = encodeHeaders([{ name: 'x-end', value: 'yes' }]);
const tooLarge = encodeHeaders([{ name: ':status', value: '431' }]);
const GREETING_MS = 60_000;

/** Returns its address and the way to stop it. */
export async function startServer() {
  const server = new Http2Server({
    address: '127.0.0.1:0',
    silenceMs: undefined,
    greetingMs: GREETING_MS,
    handler: {
      request: open,
      failed(thrown) {
        throw thrown;
      },
    },
  });
  const address = await server.start();
  const stop = () => {
    const drained = server.drain();
    server.destroy();
    return drained;
  };
  return { address, stop };
}

function open(stream, isTooLarge) {
  if (isTooLarge) return stream.respondAndEnd(tooLarge);
  return stream.listen({
    data: (piece) => stream.consumed(piece.length),
    end() {
      stream.respond(headers);
      stream.write([Buffer.from('hello')]);
      stream.end(trailers);
    },
    drained: () => undefined,
    broken: () => undefined,
  });
}
