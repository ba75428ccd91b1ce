/** Parameters of a request that the server acts on; others are ignored, as clients send some for other servers. */
import { Deadline, ServingError, type Clock } from '@serving/common';
import { priorityLevels, priorityOfLevel } from '../inference-models/priority-levels.js';
import type { Parameters } from './infer-request.js';

/**
 * `priority`: 1 is the highest, 0 the method's own.
 * @returns as the queue has it, where higher goes first; undefined for the method's own
 * @throws ServingError BAD_REQUEST
 */
export function priorityIn(parameters: Parameters): number | undefined {
  const level = wholeNumber(parameters, 'priority', priorityLevels);
  return level === 0 ? undefined : priorityOfLevel(level);
}

/** `timeout`: microseconds that the request may wait; 0 for no other bound than the caller's. @throws ServingError BAD_REQUEST */
export function deadlineIn(parameters: Parameters, deadline: Deadline, clock: Clock): Deadline {
  const micros = wholeNumber(parameters, 'timeout', Number.MAX_SAFE_INTEGER);
  if (micros === 0) return deadline;
  const own = Deadline.after(micros / 1000, clock);
  return own.at < deadline.at ? own : deadline;
}

/** `triton_enable_empty_final_response`: whether the end of many responses is to be a response, too. @throws ServingError BAD_REQUEST */
export function wantsEnd(parameters: Parameters): boolean {
  const given = parameters.get(enableEnd) ?? false;
  if (typeof given === 'boolean') return given;
  throw new ServingError(
    'BAD_REQUEST',
    `parameter '${enableEnd}': expected true or false, given ${typeof given === 'string' ? `'${given}'` : String(given)}`,
  );
}

const enableEnd = 'triton_enable_empty_final_response';

/** `classification` of an output: how many of the highest elements are asked for; 0 for the output itself. @throws ServingError BAD_REQUEST */
export function classesIn(parameters: Parameters): number {
  return wholeNumber(parameters, 'classification', 2 ** 31 - 1);
}

function wholeNumber(parameters: Parameters, name: string, most: number): number {
  const given = parameters.get(name);
  if (given === undefined) return 0;
  const value = typeof given === 'bigint' || typeof given === 'number' ? Number(given) : NaN;
  if (Number.isInteger(value) && value >= 0 && value <= most) return value;
  throw new ServingError(
    'BAD_REQUEST',
    `parameter '${name}': expected a whole number from 0 to ${most}, given ${typeof given === 'string' ? `'${given}'` : String(given)}`,
  );
}
