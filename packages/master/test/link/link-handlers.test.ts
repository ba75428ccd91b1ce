import {
  createLogger,
  link,
  linkPaths,
  linkProtocolVersion,
  registrationHeaders,
  type RpcCall,
  type RpcStream,
} from '@serving/common';
import { expect, test } from '@jest/globals';
import { ManualClock } from '../../../../test/support/manual-clock.js';
import { servingError } from '../../../../test/support/serving-error-matcher.js';
import { ReplicaRegistry } from '../../src/cluster/replica-registry.js';
import { linkRoutes } from '../../src/link/link-handlers.js';
import { WorkerDirectory } from '../../src/link/worker-directory.js';
import { worker } from '../support/worker-identity.js';

const hello: link.Hello = { protocolVersion: linkProtocolVersion, ...worker };

function setUp() {
  const logger = createLogger('test', 'silent');
  const settings = { leaseMs: 1000, registry: new ReplicaRegistry(), clock: new ManualClock(), logger };
  const directory = new WorkerDirectory(settings);
  const routes = linkRoutes(directory, logger);
  const open = (path: string, call: Partial<RpcCall>, stream: RpcStream) => {
    const route = routes.find((each) => each.path === path);
    if (route?.kind !== 'stream') throw new Error('there is no such stream');
    return route.handle({ peer: 'here', ...call } as RpcCall, stream);
  };
  return { directory, open };
}

test('a worker that cannot be told that it is welcome is not kept', async () => {
  const { directory, open } = setUp();
  async function* messages() {
    yield link.RegisterRequest.encode({ message: { $case: 'hello', value: hello } }).finish();
  }
  const send = () => {
    throw new Error('impossible');
  };
  const stream: RpcStream = { messages: messages(), send };
  await expect(open(linkPaths.register, {}, stream)).rejects.toThrow(servingError('INTERNAL'));
  expect(directory.registrations).toEqual([]);
});

test.each([
  [linkPaths.heartbeat, 'HeartbeatRequest'],
  [linkPaths.exchange, 'ExchangeRequest'],
])(
  'bytes that are no message on %s end the registration and are told what was expected',
  async (path, name) => {
    const { directory, open } = setUp();
    const { epoch } = directory.register(hello);
    const headers = registrationHeaders({ workerId: hello.workerId, epoch });
    async function* messages() {
      yield Uint8Array.of(0x0a, 0xff);
    }
    const stream: RpcStream = { messages: messages(), send: () => Promise.resolve() };
    await expect(open(path, { metadata: (header) => headers[header] }, stream)).rejects.toThrow(
      servingError(
        'BAD_REQUEST',
        new RegExp(`^expected a serving\\.link\\.v1\\.${name}, given 2 bytes that are none: `),
      ),
    );
    expect(directory.registrations).toEqual([]);
  },
);
