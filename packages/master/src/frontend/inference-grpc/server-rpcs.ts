/** What the server says of itself. */
import type { RpcRoute } from '@serving/common';
import { rpc } from './rpc.js';

export interface ServerFacts {
  /** Version of the software. */
  readonly release: string;
  /** Aborts when the master begins to stop. */
  readonly stopping: AbortSignal;
}

/** Parts of the protocol beyond its core that are there, by Triton's names. */
const extensions = [
  'classification',
  'model_repository',
  'schedule_policy',
  'model_configuration',
  'statistics',
];

export function serverRoutes(server: ServerFacts): RpcRoute[] {
  return [
    rpc('ServerLive', () => ({ live: true })),
    rpc('ServerReady', () => ({ ready: !server.stopping.aborted })),
    rpc('ServerMetadata', () => ({ name: 'serving', version: server.release, extensions })),
  ];
}
