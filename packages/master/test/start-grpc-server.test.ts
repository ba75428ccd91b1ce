import { expect, test } from '@jest/globals';
import { startGrpcServer } from '../src/start-grpc-server.js';
import { newMaster } from './support/masters.js';

test('gives the address in use, and prints the lines that scripts wait for', async () => {
  const lines: string[] = [];
  const address = await startGrpcServer(newMaster(), '127.0.0.1:0', { print: (line) => lines.push(line) });
  expect(address).toMatch(/^127\.0\.0\.1:[1-9]\d*$/);
  expect(lines).toEqual([
    `Serving gRPC start success, listening on ${address}`,
    `Serving: Serving gRPC server start success, listening on ${address}`,
  ]);
});

test('a port alone is on the loopback address', async () => {
  const address = await startGrpcServer(newMaster(), '0', { print: () => undefined });
  expect(address).toMatch(/^127\.0\.0\.1:/);
});

test('nothing is printed when the address is taken or makes no sense', async () => {
  const lines: string[] = [];
  const print = (line: string) => lines.push(line);
  const address = await startGrpcServer(newMaster(), '127.0.0.1:0', { print: () => undefined });
  await expect(startGrpcServer(newMaster(), address, { print })).rejects.toMatchObject({
    code: 'ADDRESS_UNAVAILABLE',
  });
  await expect(startGrpcServer(newMaster(), '127.0.0.1:70000', { print })).rejects.toMatchObject({
    code: 'CONFIG_INVALID',
  });
  expect(lines).toEqual([]);
});

test.each([
  ['', 'the port is missing'],
  ['127.0.0.1', 'the port is missing'],
  ['127.0.0.1:', 'the port is missing'],
  [':5500', 'the host is not valid'],
  ['127.0.0.1:x', "'x' is no port"],
  ['127.0.0.1:-1', 'the port is out of range [0 ~ 65535]'],
  ['127.0.0.1:65536', 'the port is out of range [0 ~ 65535]'],
  ['unix:', 'the path is empty'],
])('the address %j is refused: %s', async (address, why) => {
  await expect(startGrpcServer(newMaster(), address)).rejects.toMatchObject({
    code: 'CONFIG_INVALID',
    message: `address '${address}': ${why}; expected a port (5500), host:port (127.0.0.1:5500) or unix:path`,
  });
});

test('a master may listen at several addresses, at each of them once', async () => {
  const master = newMaster();
  const print = () => undefined;
  const first = await startGrpcServer(master, '127.0.0.1:0', { print });
  expect(await startGrpcServer(master, '127.0.0.1:0', { print })).not.toBe(first);
  await expect(startGrpcServer(master, first, { print })).rejects.toMatchObject({
    code: 'ADDRESS_UNAVAILABLE',
    message: `cannot listen on ${first}: EADDRINUSE: the address is in use`,
  });
});

test('a size of messages outside of 1 to 512 MiB is refused', async () => {
  for (const maxMessageMb of [0, -1, 513, NaN])
    await expect(startGrpcServer(newMaster(), '127.0.0.1:0', { maxMessageMb })).rejects.toMatchObject({
      code: 'CONFIG_INVALID',
      message: `maxMessageMb: expected a number from 1 to 512, given ${maxMessageMb}`,
    });
});
