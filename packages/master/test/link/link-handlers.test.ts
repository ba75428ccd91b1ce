import { createLogger, grpcStatus, link, linkPaths, type RpcCall, type RpcStream } from '@serving/common';
import { expect, test } from '@jest/globals';
import { ManualClock } from '../../../../test/support/manual-clock.js';
import { ReplicaRegistry } from '../../src/cluster/replica-registry.js';
import { linkRoutes } from '../../src/link/link-handlers.js';
import { WorkerDirectory } from '../../src/link/worker-directory.js';

const hello: link.Hello = {
  protocolVersion: 1,
  workerId: 'w',
  incarnation: '1',
  deviceType: 'cpu',
  deviceId: 0,
  host: 'here',
  pid: 1,
  release: '',
};

test('a worker that cannot be told that it is welcome is not kept', async () => {
  const logger = createLogger('test', 'silent');
  const settings = { leaseMs: 1000, registry: new ReplicaRegistry(), clock: new ManualClock(), logger };
  const directory = new WorkerDirectory(settings);
  const register = linkRoutes(directory, logger).find(({ path }) => path === linkPaths.register);
  if (register?.kind !== 'stream') throw new Error('there is no such stream');
  async function* messages() {
    yield link.RegisterRequest.encode({ message: { $case: 'hello', value: hello } }).finish();
  }
  const send = () => {
    throw new Error('impossible');
  };
  const stream: RpcStream = { messages: messages(), send };
  expect(await register.handle({ peer: 'here' } as RpcCall, stream)).toMatchObject({
    status: grpcStatus.ABORTED,
  });
  expect(directory.registrations).toEqual([]);
});
