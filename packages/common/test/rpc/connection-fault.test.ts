import { expect, test } from '@jest/globals';
import { grpcStatus } from '../../src/errors/error-codes.js';
import { connectionFault } from '../../src/rpc/connection-fault.js';
import { createGrpcJsChannel } from '../../src/rpc/grpc-js-channel.js';

test.each([
  [
    'No connection established. Last error: Error: connect ECONNREFUSED 127.0.0.1:1 (2026-01-02T03:04:05.678Z). Resolution note: ',
    'connect ECONNREFUSED 127.0.0.1:1',
  ],
  ['No addresses resolved. Resolution note: ', 'No addresses resolved'],
  [
    'No addresses resolved. Resolution note: no such name',
    'No addresses resolved. Resolution note: no such name',
  ],
  ['anything else', 'anything else'],
])('%s', (details, fault) => {
  expect(connectionFault(details)).toBe(fault);
});

test('a channel to nobody says what the system said', async () => {
  const channel = createGrpcJsChannel('127.0.0.1:1', { maxMessageBytes: 1000 });
  const refused = { status: grpcStatus.UNAVAILABLE, message: 'connect ECONNREFUSED 127.0.0.1:1' };
  const read = async () => {
    for await (const message of channel.openStream('/s/m').messages) throw new Error(String(message));
  };
  await expect(channel.unary('/s/m', new Uint8Array(0), 5000)).rejects.toMatchObject(refused);
  await expect(read()).rejects.toMatchObject(refused);
  channel.close();
});
