/** Keeps a registration alive, and notices when the master is gone without a word. */
import { Lease, link, readMessage, type Clock, type RpcClientStream } from '@serving/common';

/** Heartbeats in a lease: two may be lost. */
const beatsPerLease = 3;

export interface HeartbeatSettings {
  readonly stream: RpcClientStream;
  readonly leaseMs: number;
  readonly clock: Clock;
  readonly load: () => link.ReplicaLoad[];
}

/** Beats until the stream ends; a master that does not answer for a lease counts as gone. @throws RpcError, ServingError BAD_REQUEST */
export async function keepAlive({ stream, leaseMs, clock, load }: HeartbeatSettings): Promise<void> {
  let sequence = 0;
  let cancelNext: () => void = () => undefined;
  const beat = () => {
    const message = link.HeartbeatRequest.encode({ sequence: ++sequence, replicas: load() }).finish();
    stream.send(message).catch(() => undefined);
    cancelNext = clock.after(leaseMs / beatsPerLease, beat);
  };
  const lease = new Lease(leaseMs, clock, () => stream.cancel());
  beat();
  try {
    for await (const message of stream.messages) {
      readMessage('HeartbeatResponse', link.HeartbeatResponse, message);
      lease.renew();
    }
  } finally {
    cancelNext();
    lease.end();
  }
}
