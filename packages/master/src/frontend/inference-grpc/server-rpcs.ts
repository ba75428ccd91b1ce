/** What the server says of itself. */
import type { RpcRoute } from '@serving/common';
import { serverMetadata, type ServerFacts } from '../inference-server/server-facts.js';
import { rpc } from './rpc.js';

export function serverRoutes(server: ServerFacts): RpcRoute[] {
  return [
    rpc('ServerLive', () => ({ live: true })),
    rpc('ServerReady', () => ({ ready: !server.stopping.aborted })),
    rpc('ServerMetadata', () => serverMetadata(server)),
  ];
}
