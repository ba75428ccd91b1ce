/** One registration with a master, from Hello to the end of its streams. */
import {
  link,
  linkPaths,
  linkSilenceMs,
  linkProtocolVersion,
  methodToWire,
  nextWithin,
  readMessage,
  registrationHeaders,
  ServingError,
  type Clock,
  type RpcChannel,
  type RpcClientStream,
  type WorkerIdentity,
} from '@serving/common';
import { Exchange } from './exchange.js';
import { keepAlive } from './heartbeat.js';
import type { LinkedReplica } from './linked-replica.js';

export interface RegistrationSettings {
  readonly identity: WorkerIdentity;
  readonly replicas: ReadonlyMap<string, LinkedReplica>;
  /** Opens a connection; one whose other side leaves pings unanswered for `silenceMs` is broken. */
  readonly connect: (silenceMs?: number) => RpcChannel;
  readonly clock: Clock;
  readonly onWelcome: (welcome: link.Welcome) => void;
  /** The master routes to the worker's replicas from now on. */
  readonly onServing: (epoch: number) => void;
}

/** How long a master may take to answer Hello, in milliseconds: what listens there may be no master. */
const welcomeTimeoutMs = 10_000;

export class Registration {
  readonly #settings: RegistrationSettings;
  readonly #channels: RpcChannel[] = [];
  /** Registration and heartbeats; these watch over their connection themselves. */
  readonly #control: RpcChannel;
  readonly #register: RpcClientStream;
  readonly #streams: RpcClientStream[] = [];
  readonly #undrained = new Set<string>();
  #exchange: Exchange | undefined;
  #epoch = 0;
  #onDrained: () => void = () => undefined;

  constructor(settings: RegistrationSettings) {
    this.#settings = settings;
    this.#control = this.#connect();
    this.#register = this.#open(this.#control, linkPaths.register);
  }

  #connect(silenceMs?: number): RpcChannel {
    const channel = this.#settings.connect(silenceMs);
    this.#channels.push(channel);
    return channel;
  }

  #open(channel: RpcChannel, path: string, headers?: Record<string, string>): RpcClientStream {
    const stream = channel.openStream(path, headers);
    this.#streams.push(stream);
    return stream;
  }

  /**
   * Registers, and serves until a stream ends.
   * @throws RpcError with the master's status, ServingError DEADLINE_EXCEEDED when it says nothing, REPLICA_REFUSED when it takes no replica like it
   */
  async run(): Promise<void> {
    const { identity, clock } = this.#settings;
    const messages = this.#register.messages[Symbol.asyncIterator]();
    this.#tell({ $case: 'hello', value: { protocolVersion: linkProtocolVersion, ...identity } });
    try {
      const first = await nextWithin(messages, welcomeTimeoutMs, 'Welcome of the master', clock);
      const { message } = readRegister(first ?? new Uint8Array(0));
      if (message?.$case !== 'welcome')
        throw new ServingError('BAD_REQUEST', 'expected Welcome of the master');
      await this.#serve(message.value, messages);
    } finally {
      for (const stream of this.#streams) stream.cancel();
    }
  }

  async #serve(welcome: link.Welcome, messages: AsyncIterator<Uint8Array>): Promise<void> {
    const { epoch, leaseMs } = welcome;
    const { identity, replicas, clock, onWelcome } = this.#settings;
    this.#epoch = epoch;
    onWelcome(welcome);
    const headers = registrationHeaders({ workerId: identity.workerId, epoch });
    // Batches and replies may not come for long, so only pings tell that this connection is dead.
    const data = this.#connect(linkSilenceMs(leaseMs));
    const exchange = new Exchange({
      stream: this.#open(data, linkPaths.exchange, headers),
      replicas,
      leaseMs,
    });
    this.#exchange = exchange;
    const stream = this.#open(this.#control, linkPaths.heartbeat, headers);
    for (const replica of replicas.values()) this.announce(replica);
    // The first to end ends them all.
    await Promise.race([
      keepAlive({ stream, leaseMs, clock, load: () => exchange.load() }),
      exchange.serve(),
      this.#takeAnswers(messages),
    ]);
  }

  /** Tells the master of the replica's state. Credits follow once it has accepted it. */
  announce(replica: LinkedReplica): void {
    if (this.#exchange === undefined) return;
    const state = replica.isAvailable ? link.ReplicaState.AVAILABLE : link.ReplicaState.LOADING;
    this.#tell({ $case: 'replica', value: update(replica, state) });
  }

  /** Resolves when the master has had the last reply; then it sends nothing more. */
  drain(): Promise<void> {
    if (this.#exchange === undefined) return Promise.resolve();
    return new Promise((resolve) => {
      this.#onDrained = resolve;
      for (const replica of this.#settings.replicas.values()) {
        this.#undrained.add(replica.id);
        this.#tell({ $case: 'replica', value: update(replica, link.ReplicaState.DRAINING) });
      }
      if (this.#undrained.size === 0) resolve();
    });
  }

  /** Says goodbye; `run` ends when the master has closed the streams. */
  leave(): void {
    this.#register.halfClose();
  }

  /** Gives the streams up and closes the connections. */
  close(): void {
    for (const stream of this.#streams) stream.cancel();
    for (const channel of this.#channels) channel.close();
  }

  async #takeAnswers(messages: AsyncIterator<Uint8Array>): Promise<void> {
    for (let next = await messages.next(); next.done !== true; next = await messages.next()) {
      const { message } = readRegister(next.value);
      if (message?.$case === 'accepted') this.#accepted(message.value.replicaId);
      else if (message?.$case === 'refused') throw refused(message.value);
      else if (message?.$case === 'drained') this.#drained(message.value.replicaId);
    }
  }

  #accepted(replicaId: string): void {
    const replica = this.#settings.replicas.get(replicaId);
    if (replica?.isAvailable !== true) return;
    this.#exchange?.offer(replica);
    this.#settings.onServing(this.#epoch);
  }

  #drained(replicaId: string): void {
    this.#undrained.delete(replicaId);
    if (this.#undrained.size === 0) this.#onDrained();
  }

  #tell(message: NonNullable<link.RegisterRequest['message']>): void {
    // A stream that is broken tells so by its end.
    this.#register.send(link.RegisterRequest.encode({ message }).finish()).catch(() => undefined);
  }
}

function readRegister(message: Uint8Array): link.RegisterResponse {
  return readMessage('RegisterResponse', link.RegisterResponse, message);
}

function update(replica: LinkedReplica, state: link.ReplicaState): link.ReplicaUpdate {
  const { id, servable, version, executors, methods } = replica;
  return { replicaId: id, servable, version, state, executors, methods: methods.map(methodToWire) };
}

function refused({ reason }: link.ReplicaRefused): ServingError {
  return new ServingError(
    'REPLICA_REFUSED',
    `the master refused the replica: ${reason?.message ?? 'no reason'}`,
  );
}
