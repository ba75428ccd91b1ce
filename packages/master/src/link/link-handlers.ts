/** The master's side of the link: its three streams against the transport seam. */
import {
  batchingProblem,
  chunkToWire,
  FrameInbox,
  FrameOutbox,
  grpcStatus,
  link,
  linkPaths,
  linkProtocolVersion,
  methodFromWire,
  nextWithin,
  readMessage,
  registrationOf,
  ServingError,
  type FrameLabel,
  type Logger,
  type MethodSignature,
  type RpcCall,
  type RpcResult,
  type RpcRoute,
  type RpcStream,
} from '@serving/common';
import type { Registration } from './registration.js';
import type { InstanceRange } from '../cluster/replica.js';
import type { BatchExit } from './remote-replica.js';
import type { WorkerDirectory } from './worker-directory.js';

type StreamEnd = Omit<RpcResult, 'body'>;

/** How long a connection may take to say who it is, in milliseconds. */
const helloTimeoutMs = 10_000;

export function linkRoutes(directory: WorkerDirectory, logger: Logger): RpcRoute[] {
  const handlers = new LinkHandlers(directory, logger);
  return [
    { kind: 'stream', path: linkPaths.register, handle: (call, stream) => handlers.register(call, stream) },
    { kind: 'stream', path: linkPaths.heartbeat, handle: (call, stream) => handlers.heartbeat(call, stream) },
    { kind: 'stream', path: linkPaths.exchange, handle: (call, stream) => handlers.exchange(call, stream) },
  ];
}

class LinkHandlers {
  readonly #directory: WorkerDirectory;
  readonly #logger: Logger;

  constructor(directory: WorkerDirectory, logger: Logger) {
    this.#directory = directory;
    this.#logger = logger;
  }

  async register(call: RpcCall, stream: RpcStream): Promise<StreamEnd> {
    const messages = stream.messages[Symbol.asyncIterator]();
    const first = await nextWithin(messages, helloTimeoutMs, 'Hello');
    const hello = first === undefined ? undefined : readRegister(first);
    if (hello?.$case !== 'hello')
      return { status: grpcStatus.INVALID_ARGUMENT, message: 'expected Hello as the first message' };
    const { protocolVersion, workerId } = hello.value;
    if (protocolVersion !== linkProtocolVersion) return versionMismatch(protocolVersion);
    if (workerId === '') return { status: grpcStatus.INVALID_ARGUMENT, message: 'expected a worker id' };
    const registration = this.#directory.register(hello.value);
    const { epoch } = registration;
    this.#logger.info({ worker: workerId, epoch, peer: call.peer }, 'worker registered');
    const replies = new RegisterReplies(stream);
    return this.#whileRegistered(registration, async () => {
      replies.send({ $case: 'welcome', value: { epoch, leaseMs: this.#directory.leaseMs } });
      for (let next = await messages.next(); next.done !== true; next = await messages.next()) {
        const message = readRegister(next.value);
        registration.whenLive(() => this.#takeUpdate(registration, message, replies));
      }
      registration.end('left');
    });
  }

  #takeUpdate(
    registration: Registration,
    message: NonNullable<link.RegisterRequest['message']> | undefined,
    replies: RegisterReplies,
  ): void {
    if (message?.$case === 'replica') this.#takeReplica(registration, message.value, replies);
    else if (message?.$case === 'withdrawal') registration.withdraw(message.value.replicaId);
  }

  #takeReplica(registration: Registration, update: link.ReplicaUpdate, replies: RegisterReplies): void {
    const { replicaId, servable, version, state, executors } = update;
    if (state === link.ReplicaState.DRAINING) {
      registration.drain(replicaId, () => replies.send({ $case: 'drained', value: { replicaId } }));
      return;
    }
    try {
      const info = { replicaId, servable, version, executors, methods: update.methods.map(readMethod) };
      registration.update(info, state === link.ReplicaState.AVAILABLE ? 'available' : 'loading');
      replies.send({ $case: 'accepted', value: { replicaId } });
      this.#logger.info(
        { worker: registration.worker.workerId, servable, version, state: link.ReplicaState[state] },
        'replica announced',
      );
    } catch (thrown) {
      const { code, message } = ServingError.from(thrown);
      this.#logger.warn(
        { worker: registration.worker.workerId, replicaId, reason: message },
        'replica refused',
      );
      replies.send({ $case: 'refused', value: { replicaId, reason: { code, message } } });
    }
  }

  async heartbeat(call: RpcCall, stream: RpcStream): Promise<StreamEnd> {
    const registration = this.#registrationOf(call);
    return this.#whileRegistered(registration, async () => {
      for await (const message of stream.messages) {
        const { sequence, replicas } = readMessage('HeartbeatRequest', link.HeartbeatRequest, message);
        registration.renew(replicas);
        await stream.send(link.HeartbeatResponse.encode({ sequence }).finish());
      }
    });
  }

  async exchange(call: RpcCall, stream: RpcStream): Promise<StreamEnd> {
    const registration = this.#registrationOf(call);
    registration.attach(new StreamExit(stream));
    const inbox = new FrameInbox();
    return this.#whileRegistered(registration, async () => {
      for await (const message of stream.messages)
        takeExchange(registration, inbox, readMessage('ExchangeRequest', link.ExchangeRequest, message));
    });
  }

  /** @throws ServingError EPOCH_ENDED */
  #registrationOf(call: RpcCall): Registration {
    const key = registrationOf((name) => call.metadata(name));
    const registration = key === undefined ? undefined : this.#directory.find(key.workerId, key.epoch);
    if (registration !== undefined) return registration;
    const given = key === undefined ? 'none' : `epoch ${key.epoch} of worker ${key.workerId}`;
    throw new ServingError('EPOCH_ENDED', `expected a registration that is valid, given ${given}`);
  }

  /** Serves a stream until it or the registration ends; the end of either is the end of both. */
  #whileRegistered(registration: Registration, serve: () => Promise<void>): Promise<StreamEnd> {
    return new Promise((resolve, reject) => {
      registration.onEnd((why) =>
        resolve({ status: grpcStatus.ABORTED, message: `registration ended: ${why}` }),
      );
      serve().then(
        () => registration.end('broken'),
        (thrown: unknown) => {
          const error = ServingError.from(thrown);
          // An internal one is logged by the server.
          if (error.code !== 'CANCELLED' && error.code !== 'INTERNAL')
            this.#logger.warn({ worker: registration.worker.workerId, err: error }, 'link stream failed');
          // Before the end that it causes, which would tell the worker less.
          reject(error);
          registration.end('broken');
        },
      );
    });
  }
}

/** @throws ServingError BAD_REQUEST when its batches cannot be formed as it says */
function readMethod(message: link.Method): MethodSignature {
  const method = methodFromWire(message);
  const problem = batchingProblem({ ...method.batching });
  if (problem === undefined) return method;
  throw new ServingError('BAD_REQUEST', `method ${method.name}: batching: ${problem}`);
}

function readRegister(message: Uint8Array): link.RegisterRequest['message'] {
  return readMessage('RegisterRequest', link.RegisterRequest, message).message;
}

function versionMismatch(given: number): StreamEnd {
  return {
    status: grpcStatus.FAILED_PRECONDITION,
    message: `link protocol: this master speaks version ${linkProtocolVersion}, the worker version ${given}; install the same release on both`,
  };
}

function takeExchange(
  registration: Registration,
  inbox: FrameInbox,
  { message }: link.ExchangeRequest,
): void {
  switch (message?.$case) {
    case 'grant':
      return registration.replicas
        .get(message.value.replicaId)
        ?.grant(message.value.creditId, message.value.validMs);
    case 'recall':
      return registration.replicas.get(message.value.replicaId)?.recall(message.value.creditId);
    case 'demandRequest':
      return registration.replicas.get(message.value.replicaId)?.wantDemand(message.value.isWanted);
    case 'returned':
      return registration.replicas.get(message.value.replicaId)?.returned(message.value.batchId);
    case 'lost':
      return registration.replicas
        .get(message.value.replicaId)
        ?.batchLost(message.value.batchId, message.value.why, message.value.overdue);
    case 'reply': {
      const whole = inbox.add(message.value);
      if (whole !== undefined) registration.replicas.get(whole.label.replicaId)?.reply(whole.frame);
      return undefined;
    }
    case undefined:
      // A message of a later release of the same protocol version.
      return undefined;
  }
}

/** Sends on the register stream; a failure shows in the stream's own end. */
class RegisterReplies {
  readonly #stream: RpcStream;

  constructor(stream: RpcStream) {
    this.#stream = stream;
  }

  send(message: NonNullable<link.RegisterResponse['message']>): void {
    this.#stream.send(link.RegisterResponse.encode({ message }).finish()).catch(() => undefined);
  }
}

function keyOf({ replicaId, batchId }: Pick<FrameLabel, 'replicaId' | 'batchId'>): string {
  return `${batchId} ${replicaId}`;
}

export class StreamExit implements BatchExit {
  readonly #stream: Pick<RpcStream, 'send'>;
  readonly #outbox: FrameOutbox<FrameLabel>;
  /** Batches that wait for their first chunk to be sent, and what was cancelled of them meanwhile. */
  readonly #unbegun = new Map<string, link.BatchCancellation[]>();

  constructor(stream: Pick<RpcStream, 'send'>) {
    this.#stream = stream;
    this.#outbox = new FrameOutbox((chunk, label) => {
      const sent = this.#send({ $case: 'batch', value: chunkToWire(chunk, label) });
      if (label !== undefined) this.#begun(label);
      return sent;
    });
  }

  sendBatch(frame: ArrayBuffer, label: FrameLabel): void {
    this.#unbegun.set(keyOf(label), []);
    this.#outbox.add(frame, label);
  }

  sendCancellation(replicaId: string, batchId: number, instances?: InstanceRange): void {
    this.#cancel({ replicaId, batchId, instances });
  }

  #cancel(cancellation: link.BatchCancellation): void {
    // A worker knows nothing of a batch before its first chunk.
    const early = this.#unbegun.get(keyOf(cancellation));
    if (early !== undefined) early.push(cancellation);
    else this.#send({ $case: 'cancellation', value: cancellation }).catch(() => undefined);
  }

  sendDemand(replicaId: string, waiting: number): void {
    this.#send({ $case: 'demand', value: { replicaId, waiting } }).catch(() => undefined);
  }

  #begun(label: FrameLabel): void {
    const key = keyOf(label);
    const cancelled = this.#unbegun.get(key) ?? [];
    this.#unbegun.delete(key);
    for (const cancellation of cancelled) this.#cancel(cancellation);
  }

  #send(message: NonNullable<link.ExchangeResponse['message']>): Promise<void> {
    return this.#stream.send(link.ExchangeResponse.encode({ message }).finish());
  }
}
