/** What an author has declared is told to clients, so it has to be true; and what is sent has to arrive as it is. */
import { ServingError, type Value } from '@serving/common';
import type { MethodDefinition, MethodOutput } from '../definition/definition.js';
import { layoutOf, unsendableText, wrongOutput } from '../models/fit.js';
import type { BatchValues } from './batch-values.js';

/** Instances whose output is not right fail. */
export function checkOutput(method: MethodDefinition, output: MethodOutput, values: BatchValues): void {
  if (values.allFailed) return;
  const slot = values.slot(output.slot);
  const isOpen = output.dtype === undefined && output.shape === undefined;
  if (isOpen && slot.column !== undefined) return;
  for (const instance of values.alive()) {
    const error = outputError(method, output, slot.row(instance));
    if (error !== undefined) values.fail(instance, error);
    else if (slot.column !== undefined) return;
  }
}

/** What is wrong with an output of an instance; undefined when it can be sent. */
export function outputError(
  { name }: MethodDefinition,
  output: MethodOutput,
  value: Value,
): ServingError | undefined {
  const problem = wrongOutput(output, layoutOf(value)) ?? unsendableText(output, value);
  if (problem === undefined) return undefined;
  return new ServingError('STAGE_FAILED', `Call method '${name}' Failed: ${problem}`);
}
