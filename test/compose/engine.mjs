// An engine for the time of the test: its own data, socket and network rules, so that nothing of it stays.
import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { closeSync, existsSync, openSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';

import { CannotRun } from '../interop/cannot-run.mjs';

const START_TIME_LIMIT_MS = 60_000;
const STOP_TIME_LIMIT_MS = 30_000;
const KEPT_LOG_LINES = 15;

/**
 * Starts dockerd and resolves once it answers; `cleanUp` is told how to stop it.
 *
 * It changes neither the firewall nor the kernel's settings: a published port is a proxy process of the engine, the
 * containers of one network reach one another without rules, and images are built on the host's network. Only where the
 * firewall drops what one container sends to another, as an engine that ran before leaves it, does it get its rules.
 */
export async function startEngine(commands, folder, cleanUp) {
  const socket = `unix://${join(folder, 'docker.sock')}`;
  const logFile = join(folder, 'dockerd.log');
  const log = openSync(logFile, 'w');
  const execRoot = join(folder, 'exec');
  const own = ['--data-root', join(folder, 'data'), '--exec-root', execRoot];
  const reach = ['--pidfile', join(folder, 'dockerd.pid'), '--host', socket, '--bridge', 'none'];
  const rules = `--iptables=${await dropsForwarded(commands)}`;
  const leave = [rules, '--ip6tables=false', '--ip-masq=false', '--ip-forward=false'];
  // A session of its own: Ctrl+C must not end it before the containers are removed.
  const engine = spawn('dockerd', [...own, ...reach, ...leave], {
    stdio: ['ignore', log, log],
    detached: true,
  });
  closeSync(log);
  const exited = once(engine, 'exit');
  cleanUp('stopping the engine', () => stopEngine(engine, exited, execRoot));
  commands.env.DOCKER_HOST = socket;
  await answers(commands, engine, logFile);
}

async function dropsForwarded(commands) {
  const { stdout } = await commands.attempt('iptables', ['--list-rules', 'FORWARD']);
  return stdout.includes('-P FORWARD DROP');
}

async function answers(commands, engine, logFile) {
  const end = performance.now() + START_TIME_LIMIT_MS;
  while (performance.now() < end && engine.exitCode === null && engine.signalCode === null) {
    const { outcome } = await commands.attempt('docker', ['info']);
    if (outcome === 'exit code 0') return;
    await sleep(250, undefined, { signal: commands.interruption });
  }
  const lines = readFileSync(logFile, 'utf8').trim().split('\n').slice(-KEPT_LOG_LINES);
  throw new CannotRun(
    `dockerd does not run here: it needs control groups, and the right to mount and to make namespaces.\n${lines.join('\n')}`,
  );
}

async function stopEngine(engine, exited, execRoot) {
  engine.kill('SIGTERM');
  const killer = setTimeout(() => {
    engine.kill('SIGKILL');
    // Its containerd is a process of its own and would outlive it.
    const pidFile = join(execRoot, 'containerd', 'containerd.pid');
    if (existsSync(pidFile)) process.kill(Number(readFileSync(pidFile, 'utf8')), 'SIGKILL');
  }, STOP_TIME_LIMIT_MS);
  await exited;
  clearTimeout(killer);
}
