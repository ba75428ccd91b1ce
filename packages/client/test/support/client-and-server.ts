/** Clients and servers that end with the test that made them. */
import { afterEach } from '@jest/globals';
import { Client } from '../../src/client.js';
import type { ClientOptions } from '../../src/client-options.js';
import { InferError } from '../../src/infer-error.js';
import { startPredictServer, type PredictServer } from './predict-server.js';

const cleanups: (() => void)[] = [];
afterEach(() => {
  for (const clean of cleanups.splice(0)) clean();
});

/** Runs after the test. */
export function cleanUp(clean: () => void): void {
  cleanups.push(clean);
}

export async function serve(
  ...[answer, address]: Parameters<typeof startPredictServer>
): Promise<PredictServer> {
  const server = await startPredictServer(answer, address);
  cleanUp(() => server.stop());
  return server;
}

export function connect(address: string, options?: ClientOptions): Client {
  const client = new Client(address, 'add', 'add_common', options);
  cleanUp(() => client.close());
  return client;
}

/** Resolves once the server has the call. */
export async function arrival(server: PredictServer): Promise<void> {
  while (server.calls.length === 0) await new Promise((resolve) => setTimeout(resolve, 5));
}

export async function failureOf(promise: Promise<unknown>): Promise<InferError> {
  const thrown: unknown = await promise.then(
    () => undefined,
    (error: unknown) => error,
  );
  if (thrown instanceof InferError) return thrown;
  throw new Error('expected an InferError', { cause: thrown });
}
