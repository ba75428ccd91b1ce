/** `serving-client status`: asks a master for its workers, replicas and queues and prints them. */
import { notTheClusterPort } from '@serving/common';
import { clusterStatus } from '../cluster-status.js';
import { statusJson, statusTable } from './output/print-status.js';
import { exitCodes, reportProblem, type Hints } from './report-problem.js';
import type { Streams } from './streams.js';

export interface StatusRequest {
  readonly address: string;
  readonly json: boolean;
  readonly deadlineMs: number;
}

/** Resolves to the exit code, 0 for any answer; what went wrong is one line on the error stream. */
export async function statusCommand(request: StatusRequest, streams: Streams): Promise<number> {
  const { address, json, deadlineMs } = request;
  try {
    const status = await clusterStatus(address, { deadlineMs });
    streams.writeOut(json ? statusJson(status) : statusTable(status));
    return exitCodes.ok;
  } catch (thrown) {
    return reportProblem(thrown, hints, streams);
  }
}

const hints: Hints = {
  UNAVAILABLE: 'check that the master is running and that this is the address of its cluster port (--master)',
  UNIMPLEMENTED: notTheClusterPort,
  BAD_REPLY: notTheClusterPort,
  DEADLINE_EXCEEDED: 'check that this is a cluster port (--master), or give it longer with --deadline',
};
