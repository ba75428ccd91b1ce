/** Routes behind a real gRPC server, and a channel to them. */
import {
  createGrpcJsChannel,
  createGrpcServer,
  type RpcChannel,
  type RpcRoute,
  type RpcServer,
} from '@serving/common';

/** @param cleanups take what has to be run after the test */
export async function serveRoutes(
  routes: readonly RpcRoute[],
  cleanups: (() => unknown)[],
): Promise<{ readonly server: RpcServer; readonly channel: RpcChannel }> {
  const server = createGrpcServer({
    address: '127.0.0.1:0',
    maxMessageBytes: 2 ** 20,
    routes,
    onInternalError: (error) => {
      throw error;
    },
  });
  const channel = createGrpcJsChannel(await server.start(), { maxMessageBytes: 2 ** 20 });
  cleanups.push(
    () => channel.close(),
    () => server.stop(0),
  );
  return { server, channel };
}
