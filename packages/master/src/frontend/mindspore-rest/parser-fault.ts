/** What is wrong with one instance of a request, in MindSpore Serving's words, with what was expected after them. */
import { ServingError, shortened } from '@serving/common';
import { JsonTensorError, type TensorFault } from '../../json/tensor-error.js';

const prefix = 'Parser request failed, ';
/** Characters of an input's name that an error shows. */
const maxShown = 100;

export class ParserFault extends Error {
  override readonly name = 'ParserFault';
  readonly detail: string | undefined;

  /** @param text the original's words @param detail what was expected and what was given */
  constructor(text: string, detail?: string) {
    super(text);
    this.detail = detail;
  }
}

/** What the request as a whole is refused with. */
export function refusedRequest(text: string): ServingError {
  return new ServingError('BAD_REQUEST', prefix + text);
}

/** What an instance is refused with. @param input the one that is to blame, if any */
export function refusedInstance(
  fault: ParserFault | JsonTensorError,
  input: string | undefined,
): ServingError {
  const isTensor = fault instanceof JsonTensorError;
  const text = isTensor ? originalText(fault.fault) : fault.message;
  const { detail } = fault;
  const name = input === undefined ? '' : `input ${shortened(input, maxShown)}`;
  const more = [name, detail ?? ''].filter((part) => part !== '').join(': ');
  return new ServingError('INVALID_TENSOR', `${prefix}${text}${more === '' ? '' : `; ${more}`}`);
}

function originalText(fault: TensorFault): string {
  if (fault.kind === 'ragged')
    return `invalid json array: json size is ${fault.given}, the dim ${fault.axis} expected to be ${fault.expected}`;
  if (fault.kind === 'nesting' && fault.expected === 'array')
    return 'invalid json array: json type is not array';
  if (fault.kind === 'mixed' && fault.given !== 'bytes') return 'json array, elements type is not equal';
  if (fault.kind === 'too-many') return 'json array, shape is invalid';
  return 'json array, data should be number, bool, string or bytes';
}
