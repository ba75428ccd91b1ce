/** Runs the command blocks of a documentation page, top to bottom, as a newcomer would: in a copy of the clone. */
import { spawn, spawnSync, type ChildProcess } from 'node:child_process';
import { once } from 'node:events';
import { cpSync, mkdtempSync, rmSync, symlinkSync } from 'node:fs';
import { createServer, type AddressInfo } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { createInterface } from 'node:readline';
import { expect } from '@jest/globals';

export class PageRunner {
  /** The copy: the repository's root for the page's commands. */
  readonly folder: string;
  readonly #servers: ChildProcess[] = [];
  /** The page's ports to free ones: something else may listen on them here. */
  readonly #ports = new Map<string, string>();

  constructor(name: string) {
    this.folder = mkdtempSync(join(tmpdir(), `${name}-`));
    for (const entry of ['packages', 'examples', 'package.json', 'tsconfig.base.json'])
      cpSync(entry, join(this.folder, entry), { recursive: true });
    symlinkSync(join(process.cwd(), 'node_modules'), join(this.folder, 'node_modules'));
  }

  /** Maps a port that the page uses to a free one, from here on. */
  async renewPort(port: string): Promise<void> {
    const probe = createServer().listen(0, '127.0.0.1');
    await once(probe, 'listening');
    this.#ports.set(port, String((probe.address() as AddressInfo).port));
    probe.close();
    await once(probe, 'close');
  }

  /** What the command prints. The test fails when the command does. */
  run(command: string): string {
    // `npm ci` is what made this test possible; running it again would pull node_modules from under other tests.
    const runnable = this.#withFreePorts(command).replace(/^npm ci$/m, 'true');
    const { status, stdout, stderr } = spawnSync('bash', ['-euo', 'pipefail', '-c', runnable], {
      cwd: this.folder,
      encoding: 'utf8',
    });
    const given = { command, status, stderr: status === 0 ? '' : stderr };
    expect(given).toEqual({ command, status: 0, stderr: '' });
    return stdout;
  }

  /** Starts a server in the background; resolves when it takes requests, as this part of a line says. */
  async startServer(command: string, ready = 'Serving gRPC start success'): Promise<void> {
    const server = spawn('bash', ['-c', this.#withFreePorts(command)], {
      cwd: this.folder,
      detached: true,
      stdio: ['ignore', 'pipe', 'inherit'],
    });
    this.#servers.push(server);
    for await (const line of createInterface(server.stdout)) if (line.includes(ready)) return;
    throw new Error(`'${command}' ended before it was ready`);
  }

  /** Ends the servers and removes the copy. */
  async end(): Promise<void> {
    for (const server of this.#servers) {
      if (server.exitCode !== null || server.signalCode !== null) continue;
      const exited = once(server, 'exit');
      // The shell is the leader of its process group; npx and the server are in it.
      process.kill(-server.pid!, 'SIGTERM');
      await exited;
    }
    rmSync(this.folder, { recursive: true });
  }

  #withFreePorts(command: string): string {
    return command.replace(/\b\d{4}\b/g, (port) => this.#ports.get(port) ?? port);
  }
}
