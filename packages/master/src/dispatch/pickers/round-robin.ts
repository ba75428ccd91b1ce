/** The replica that has waited for longest since it was picked; those that never were come first, in their order. */
import type { ReplicaPicker } from './replica-picker.js';

export function createRoundRobin(): ReplicaPicker {
  /** When each was picked last, counted in picks. */
  let picked = new Map<string, number>();
  let picks = 0;
  return (candidates) => {
    const turnOf = (replicaId: string) => picked.get(replicaId) ?? 0;
    const choice = [...candidates].reduce((best, candidate) =>
      turnOf(candidate.replicaId) < turnOf(best.replicaId) ? candidate : best,
    );
    picked.set(choice.replicaId, ++picks);
    if (picked.size > mostRemembered) picked = new Map([...picked].slice(-mostRemembered / 2));
    return choice;
  };
}

/** Replicas that have gone must not be remembered for ever. */
const mostRemembered = 4096;
