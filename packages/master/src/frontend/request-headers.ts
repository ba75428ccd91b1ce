/** What callers may say in headers, whatever protocol they speak. */
import { mostPriority, priorityHeader, ServingError, type RpcCall } from '@serving/common';

/** The priority the caller asks for; undefined when it names none. @throws ServingError BAD_REQUEST */
export function priorityOf(call: Pick<RpcCall, 'metadata'>): number | undefined {
  const given = call.metadata(priorityHeader);
  if (given === undefined) return undefined;
  const value = Number(given);
  if (/^-?\d+$/.test(given) && Math.abs(value) <= mostPriority) return value + 0;
  throw new ServingError(
    'BAD_REQUEST',
    `header ${priorityHeader}: expected a whole number from -${mostPriority} to ${mostPriority}, given '${given}'`,
  );
}
