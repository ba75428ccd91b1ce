/** docs/open-inference.md says of every rpc and parameter what becomes of it, as the server says it. */
import { readFileSync } from 'node:fs';
import { beforeAll, expect, test } from '@jest/globals';
import { Client, credentials, type ServiceError } from '@grpc/grpc-js';
import { grpcStatus, publicFiles } from '@serving/common';
import { startMaster } from '../support/processes.js';
import { functionServable, servables } from '../support/servables.js';

const page = readFileSync('docs/open-inference.md', 'utf8');
const service = 'inference.GRPCInferenceService';
const rpcs = publicFiles
  .flatMap(({ symbols }) => symbols)
  .filter((symbol) => symbol.startsWith(`${service}.`))
  .map((symbol) => symbol.slice(service.length + 1));

/** What the table says of an rpc; names that end in … stand for all that begin so. */
function saidOf(rpc: string): string | undefined {
  const rows = page.split('\n').filter((line) => line.startsWith('| `'));
  const row = rows.find((line) =>
    [...line.split('|')[1]!.matchAll(/`(\w+)(…?)`/g)].some(([, name, more]) =>
      more === '' ? name === rpc : rpc.startsWith(name!),
    ),
  );
  return row?.split('|')[2]!.trim();
}

let address: string;
beforeAll(async () => {
  const directory = servables({
    s: functionServable(`registerMethod('m', { inputs: ['x'], outputs: ['y'] }, (x) => x);`),
  });
  const master = await startMaster(['--servable', 's', '--directory', directory, '--executors', '1']);
  address = master.address;
});

/** The status that an empty request ends with. */
function statusOf(rpc: string): Promise<number> {
  const client = new Client(address, credentials.createInsecure());
  const identity = (bytes: Buffer) => bytes;
  return new Promise<number>((resolve) => {
    client.makeUnaryRequest(
      `/${service}/${rpc}`,
      identity,
      identity,
      Buffer.alloc(0),
      (error: ServiceError | null) => resolve(error?.code ?? grpcStatus.OK),
    );
  }).finally(() => client.close());
}

test('the service has all of its rpcs', () => {
  expect(rpcs).toHaveLength(20);
});

test.each(rpcs)('%s is as the page says', async (rpc) => {
  const said = saidOf(rpc);
  expect(said).toMatch(/^(supported|read only|refused)/);
  const status = await statusOf(rpc);
  const refusals: number[] = [grpcStatus.UNIMPLEMENTED, grpcStatus.UNAVAILABLE];
  if (said!.startsWith('refused')) {
    const name = Object.entries(grpcStatus).find(([, code]) => code === status)![0];
    expect(said).toContain(`(${name})`);
  } else {
    // An empty request names no model, which may be wrong with it.
    expect(refusals).not.toContain(status);
  }
});
