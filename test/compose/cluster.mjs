// The compose project under test: up, looked at, its containers hurt, stopped and removed.
import assert from 'node:assert/strict';
import { setTimeout as sleep } from 'node:timers/promises';

export const SERVICES = ['master', 'worker-0', 'worker-1'];
const HEALTHY_TIME_LIMIT_MS = 90_000;
const LOG_LINES = '40';

export class Cluster {
  #commands;
  #compose;
  #project;

  /** @param compose the command and its first arguments */
  constructor(commands, compose, project) {
    this.#commands = commands;
    this.#compose = compose;
    this.#project = project;
  }

  compose(args, options) {
    const [command, ...first] = this.#compose;
    return this.#commands.run(command, [...first, '--project-name', this.#project, ...args], {
      timeLimitMs: 120_000,
      ...options,
    });
  }

  /** What the engine knows of a service's container, running or not. */
  async inspect(service) {
    // docker-compose 1.29 lists stopped containers with `ps`, its successor does not; the labels are the same.
    const filters = [
      `label=com.docker.compose.project=${this.#project}`,
      `label=com.docker.compose.service=${service}`,
    ];
    const args = ['ps', '--all', '--quiet', ...filters.flatMap((filter) => ['--filter', filter])];
    const id = await this.#commands.run('docker', args);
    assert.match(id, /^\w+$/, `${service} has no container, or several`);
    const [container] = JSON.parse(await this.#commands.run('docker', ['inspect', id]));
    return container;
  }

  /** Resolves once every service is healthy, and fails when one is not in time or its container has ended for good. */
  async healthy() {
    const end = performance.now() + HEALTHY_TIME_LIMIT_MS;
    for (;;) {
      const states = await Promise.all(SERVICES.map(async (service) => (await this.inspect(service)).State));
      if (states.every((state) => state.Health?.Status === 'healthy' && state.Running)) return;
      if (performance.now() > end) {
        const lines = states.map(
          (state, index) =>
            `${SERVICES[index]}: ${state.Status}, ${state.Health?.Status}\n${state.Health?.Log?.at(-1)?.Output ?? ''}`,
        );
        throw new Error(`not healthy within ${HEALTHY_TIME_LIMIT_MS / 1000} s:\n${lines.join('\n')}`);
      }
      await sleep(500, undefined, { signal: this.#commands.interruption });
    }
  }

  /** What the master says of itself and its workers. */
  async status() {
    const args = ['exec', '-T', 'master', 'serving-client', 'status', '127.0.0.1:6500', '--json'];
    return JSON.parse(await this.compose(args));
  }

  /** Ends every process of the container but its init, as a crash would: the engine sees a failure and starts it again. */
  async crash(service) {
    const { Id: id } = await this.inspect(service);
    // The exec is among those that are killed on some kernels.
    await this.#commands.attempt('docker', ['exec', id, 'sh', '-c', 'kill -9 -1']);
  }

  /** To the engine this is the operator's wish, so no restart policy undoes it. */
  async kill(service) {
    const { Id: id } = await this.inspect(service);
    await this.#commands.run('docker', ['kill', id]);
  }

  logs() {
    return this.compose(['logs', '--no-color', '--tail', LOG_LINES]);
  }
}

/** What the compose file promises of every container. */
export function checkContainer(service, { HostConfig: host, Config: config, NetworkSettings: network }) {
  assert.equal(host.ReadonlyRootfs, true, `${service} can write to its root`);
  assert.deepEqual(host.CapDrop, ['ALL'], `${service} has capabilities`);
  assert.equal(host.Init, true, `${service} has no init`);
  assert.equal(config.User, '10001:10001');
  const published = Object.entries(network.Ports ?? {}).filter(([, bindings]) => bindings?.length > 0);
  const names = published.map(([port]) => port);
  assert.deepEqual(
    names,
    service === 'master' ? ['1500/tcp', '5500/tcp'] : [],
    `${service} publishes ${names.join(', ')}`,
  );
  for (const { HostIp: address } of published.flatMap(([, bindings]) => bindings))
    assert.equal(address, '127.0.0.1', `${service} is published on ${address}`);
}
