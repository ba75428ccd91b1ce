/** Which instances of a batch came with the same request: those of different ones are strangers to each other. */
import type { BatchContents } from '@serving/common';

export function byRequest(
  calls: BatchContents['calls'],
): (instances: readonly number[]) => readonly (readonly number[])[] {
  return (instances) => {
    const requests = new Map<number, number[]>();
    let [next, end, callId] = [0, 0, -1];
    for (const instance of instances) {
      while (instance >= end && next < calls.length) {
        const call = calls[next++]!;
        end += call.count;
        callId = call.callId;
      }
      const own = requests.get(callId);
      if (own === undefined) requests.set(callId, [instance]);
      else own.push(instance);
    }
    return [...requests.values()];
  };
}
