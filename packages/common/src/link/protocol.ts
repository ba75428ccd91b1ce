/** What both sides of the link must agree on; proto/serving/link/v1/link.proto is the contract. */

import { maxChunkBytes } from '../frame/chunk.js';

/** To be raised with every change that an older peer would misunderstand. */
export const linkProtocolVersion = 3;

export const linkPaths = {
  register: '/serving.link.v1.LinkService/Register',
  heartbeat: '/serving.link.v1.LinkService/Heartbeat',
  exchange: '/serving.link.v1.LinkService/Exchange',
  status: '/serving.link.v1.StatusService/GetStatus',
} as const;

/** Largest message on the link: a chunk of a frame with its labels. */
export const maxLinkMessageBytes = 4 * 2 ** 20;

/** Most bytes of frames that may be incomplete on one stream at a time. */
export const maxPartialFrameBytes = 2 ** 32;

/** Most frames that may be incomplete on one stream. Only those of several chunks ever are, so these claim as much. */
export const maxPartialFrames = maxPartialFrameBytes / maxChunkBytes;

/** A busy process, or one behind a large batch on its connection, may leave a ping unanswered for that long. */
const leastSilenceMs = 5000;

/** For how long either side of a link may leave pings unanswered before the connection counts as broken. */
export function linkSilenceMs(leaseMs: number): number {
  return Math.max(leaseMs, leastSilenceMs);
}

const workerHeader = 'serving-worker';
const epochHeader = 'serving-epoch';

/** Names a registration in the request headers of a stream. */
export interface RegistrationKey {
  readonly workerId: string;
  readonly epoch: number;
}

export function registrationHeaders({ workerId, epoch }: RegistrationKey): Record<string, string> {
  return { [workerHeader]: encodeURIComponent(workerId), [epochHeader]: String(epoch) };
}

/** The registration a stream belongs to; undefined when its headers do not say. */
export function registrationOf(header: (name: string) => string | undefined): RegistrationKey | undefined {
  const epoch = Number(header(epochHeader));
  const workerId = header(workerHeader);
  if (workerId === undefined || !Number.isSafeInteger(epoch)) return undefined;
  try {
    return { workerId: decodeURIComponent(workerId), epoch };
  } catch {
    return undefined;
  }
}

/** What to do about a server that does not know the link: UNIMPLEMENTED. */
export const notTheClusterPort =
  "check that this is the master's cluster port (--master), not another of its ports";
