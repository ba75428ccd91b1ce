import { expect, test } from '@jest/globals';
import { startRestServer } from '../src/start-rest-server.js';
import { newMaster } from './support/masters.js';

test('gives the address in use, and prints the line that scripts wait for', async () => {
  const lines: string[] = [];
  const address = await startRestServer(newMaster(), '127.0.0.1:0', { print: (line) => lines.push(line) });
  expect(address).toMatch(/^127\.0\.0\.1:[1-9]\d*$/);
  expect(lines).toEqual([`Serving: Serving RESTful server start success, listening on ${address}`]);
});

test('errors of the REST API have status 200, unless statuses are asked for', async () => {
  for (const [options, expected] of [
    [{}, 200],
    [{ restStatusCodes: false }, 200],
    [{ restStatusCodes: true }, 404],
  ] as const) {
    const address = await startRestServer(newMaster(), '0', { ...options, print: () => undefined });
    const body = '{"instances":{"x":1}}';
    const { status } = await fetch(`http://${address}/model/none:predict`, { method: 'POST', body });
    expect(status).toBe(expected);
  }
});

test('a size is from 1 to 512 MiB, and the largest body by it', async () => {
  for (const maxMessageMb of [0, 513, Number.NaN])
    await expect(startRestServer(newMaster(), '0', { maxMessageMb })).rejects.toMatchObject({
      code: 'CONFIG_INVALID',
    });
  const address = await startRestServer(newMaster(), '0', { maxMessageMb: 1, print: () => undefined });
  const body = ' '.repeat(2 ** 20 + 1);
  const response = await fetch(`http://${address}/model/none:predict`, { method: 'POST', body });
  expect(await response.json()).toEqual({
    error_msg: expect.stringMatching(/^http message is bigger than 1048576; body: expected at most/),
  });
});

test('nothing is printed when the address is taken or makes no sense', async () => {
  const lines: string[] = [];
  const print = (line: string) => lines.push(line);
  const address = await startRestServer(newMaster(), '0', { print: () => undefined });
  await expect(startRestServer(newMaster(), address, { print })).rejects.toMatchObject({
    code: 'ADDRESS_UNAVAILABLE',
  });
  await expect(startRestServer(newMaster(), '127.0.0.1:70000', { print })).rejects.toMatchObject({
    code: 'CONFIG_INVALID',
  });
  expect(lines).toEqual([]);
});
