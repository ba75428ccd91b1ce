/** What a predict request says, as JSON has it: which method takes it, and whether that fits, is another step's. */
import { ServingError } from '@serving/common';
import type { JsonTensor } from '../../json/json-tensor.js';

/** Row form is a list of instances, column form a tensor for each input. Answers have the form of their requests. */
export type Form = 'row' | 'column';

/** The key that a form's inputs stand under. */
export const keyOf: Readonly<Record<Form, string>> = { row: 'instances', column: 'inputs' };

/** By name of the input: in column form one tensor, in row form one for each instance, in order. */
export type NamedTensors = ReadonlyMap<string, readonly JsonTensor[]>;

export interface PredictBody {
  /** Undefined for the default one. */
  readonly signature: string | undefined;
  readonly form: Form;
  /** The only input, which then needs no name, as one tensor: in row form of all instances. Or inputs by name. */
  readonly inputs: JsonTensor | NamedTensors;
}

export function isNamed(inputs: PredictBody['inputs']): inputs is NamedTensors {
  return inputs instanceof Map;
}

/** How TensorFlow Serving calls one of several instances with named inputs. */
export function elementName(index: number, input?: string): string {
  const key = input === undefined ? '' : ` key: ${input}`;
  return `Failed to process element: ${index}${key} of 'instances' list.`;
}

export function badRequest(text: string): ServingError {
  return new ServingError('BAD_REQUEST', text);
}
