/** A server with the status rpc alone, on real gRPC, whose answer a test chooses. */
import { createGrpcServer, linkStatus, type RpcCall } from '@serving/common';
import { cleanUp } from './client-and-server.js';

export type Status = Partial<linkStatus.GetStatusResponse>;

/** A status, the bytes of a reply, or undefined for no answer at all. */
export type StatusAnswer = Status | Uint8Array | undefined;

export interface StatusServer {
  readonly address: string;
  readonly calls: RpcCall[];
}

/** Stops after the test. */
export async function serveStatus(answer: StatusAnswer): Promise<StatusServer> {
  const calls: RpcCall[] = [];
  const server = createGrpcServer({
    address: '127.0.0.1:0',
    maxMessageBytes: 2 ** 20,
    routes: [
      {
        kind: 'unary',
        path: '/serving.link.v1.StatusService/GetStatus',
        handle: (call, message) => {
          linkStatus.GetStatusRequest.decode(message);
          calls.push(call);
          return answer === undefined ? new Promise(() => undefined) : { status: 0, body: [encode(answer)] };
        },
      },
    ],
    onInternalError: (error) => {
      throw error;
    },
  });
  cleanUp(() => void server.stop(0));
  return { address: await server.start(), calls };
}

function encode(answer: Status | Uint8Array): Uint8Array {
  if (ArrayBuffer.isView(answer)) return answer;
  return linkStatus.GetStatusResponse.encode({
    release: '',
    leaseMs: 0,
    workers: [],
    methods: [],
    ...answer,
  }).finish();
}

/** Two workers, one of them with a replica of each state, and a servable in the master's own process. */
export const threeWorkers: linkStatus.GetStatusResponse = {
  release: '0.1.0',
  leaseMs: 5000,
  workers: [
    {
      workerId: 'left',
      epoch: 3,
      deviceType: 'cpu',
      deviceId: 0,
      host: 'node-1',
      pid: 4711,
      replicas: [
        replica('add', 1, 3),
        replica('add', 2, 2, { credits: 2, inFlight: 1 }),
        replica('mul', 1, 1),
      ],
      heartbeatAgeMs: 0,
    },
    {
      workerId: 'right',
      epoch: 4,
      deviceType: 'cuda',
      deviceId: 1,
      host: 'node-2',
      pid: 12,
      replicas: [],
      heartbeatAgeMs: 1250,
    },
    {
      workerId: 'master',
      epoch: 0,
      deviceType: 'cpu',
      deviceId: 0,
      host: 'node-1',
      pid: 4000,
      replicas: [replica('later', 1, 9)],
    },
  ],
  methods: [
    { servable: 'add', version: 1, method: 'add_common', waiting: 0 },
    { servable: 'add', version: 2, method: 'add_common', waiting: 12_345 },
  ],
};

function replica(
  servable: string,
  version: number,
  state: number,
  more: Partial<linkStatus.ReplicaStatus> = {},
): linkStatus.ReplicaStatus {
  const replicaId = `${servable}-${version}`;
  return { replicaId, servable, version, state, executors: 2, credits: 0, inFlight: 0, ...more };
}
