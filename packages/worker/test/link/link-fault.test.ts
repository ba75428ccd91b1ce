import { expect, test } from '@jest/globals';
import { grpcStatus, RpcError } from '@serving/common';
import { isWithoutMaster, linkFault } from '../../src/link/link-fault.js';

test('a server that knows nothing of the link is said to be another port', () => {
  const fault = new RpcError(grpcStatus.UNIMPLEMENTED, 'The server does not implement the method');
  expect(linkFault(fault)).toBe(
    "The server does not implement the method; check that this is the master's cluster port (--master), not another of its ports",
  );
  expect(isWithoutMaster(fault)).toBe(true);
});

test('who is not there and who is there but refuses are told apart', () => {
  expect(isWithoutMaster(new RpcError(grpcStatus.UNAVAILABLE, 'nobody'))).toBe(true);
  expect(isWithoutMaster(new RpcError(grpcStatus.ALREADY_EXISTS, 'taken'))).toBe(false);
  expect([linkFault(undefined), linkFault(new RpcError(grpcStatus.ALREADY_EXISTS, 'taken'))]).toEqual([
    'the master ended the stream',
    'taken',
  ]);
});
