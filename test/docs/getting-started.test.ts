/** Runs every command block of docs/getting-started.md, top to bottom, as a newcomer would: in a copy of the clone. */
import { spawn, spawnSync, type ChildProcess } from 'node:child_process';
import { once } from 'node:events';
import { cpSync, mkdtempSync, readFileSync, rmSync, symlinkSync } from 'node:fs';
import { createServer, type AddressInfo } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { createInterface } from 'node:readline';
import { afterAll, beforeAll, expect, test } from '@jest/globals';

const page = readFileSync('docs/getting-started.md', 'utf8');
const blocks = [...page.matchAll(/```sh( background)?\n([\s\S]*?)```/g)].map(([, background, command]) => ({
  isBackground: background !== undefined,
  command: command!.trim(),
}));
const servers: ChildProcess[] = [];
/** The page's ports, as text, to free ones: something else may listen on them here. */
const ports = new Map<string, string>();
let folder = '';

async function freePort(): Promise<string> {
  const probe = createServer().listen(0, '127.0.0.1');
  await once(probe, 'listening');
  const { port } = probe.address() as AddressInfo;
  probe.close();
  await once(probe, 'close');
  return String(port);
}

beforeAll(async () => {
  for (const port of ['5500', '5501']) ports.set(port, await freePort());
  folder = mkdtempSync(join(tmpdir(), 'getting-started-'));
  for (const entry of ['packages', 'examples', 'package.json', 'tsconfig.base.json']) {
    cpSync(entry, join(folder, entry), { recursive: true });
  }
  symlinkSync(join(process.cwd(), 'node_modules'), join(folder, 'node_modules'));
});

afterAll(async () => {
  for (const server of servers) {
    if (server.exitCode !== null || server.signalCode !== null) continue;
    const exited = once(server, 'exit');
    // The shell is the leader of its process group; npx and the server are in it.
    process.kill(-server.pid!, 'SIGTERM');
    await exited;
  }
  rmSync(folder, { recursive: true });
});

function withFreePorts(command: string): string {
  return command.replace(/\b550[01]\b/g, (port) => ports.get(port)!);
}

function run(command: string): string {
  // `npm ci` is what made this test possible; running it again would pull node_modules from under other tests.
  const runnable = withFreePorts(command).replace(/^npm ci$/m, 'true');
  const { status, stdout, stderr } = spawnSync('bash', ['-euo', 'pipefail', '-c', runnable], {
    cwd: folder,
    encoding: 'utf8',
  });
  expect({ command, status, stderr: status === 0 ? '' : stderr }).toEqual({ command, status: 0, stderr: '' });
  return stdout;
}

async function startServer(command: string): Promise<void> {
  const server = spawn('bash', ['-c', withFreePorts(command)], {
    cwd: folder,
    detached: true,
    stdio: ['ignore', 'pipe', 'inherit'],
  });
  servers.push(server);
  for await (const line of createInterface(server.stdout)) {
    if (line.includes('Serving gRPC start success')) return;
  }
  throw new Error(`'${command}' ended before it was ready`);
}

test('every command block runs', async () => {
  const printed: string[] = [];
  for (const { isBackground, command } of blocks) {
    if (isBackground) await startServer(command);
    else printed.push(run(command));
  }
  const all = printed.join('\n');
  expect(all).toContain('{"add_common":[2,4,6],"add_cast":[2],"ok":true}');
  expect(all).toContain('[[0.75, 0.75], [0.75, 0.75]]');
  expect(all).toContain('Tensor float32 [2,2] [[6,6],[6,6]]');
  expect(blocks.length).toBeGreaterThan(5);
}, 120_000);

test('what the page shows of a result is what comes', () => {
  const shown = /```text\n(INSTANCE[\s\S]*?)```/.exec(page)![1]!;
  expect(
    run('npx serving-client infer localhost:5500 add add_common --input examples/add/request.json'),
  ).toBe(shown);
});
