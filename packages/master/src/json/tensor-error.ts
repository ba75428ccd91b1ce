/** Why a JSON value is no tensor: as data, for front ends that have a text of their own for it. */
import { JsonError } from './json-error.js';
import { withArticle, type JsonKind } from './json-kind.js';

/** What one element of a tensor may be. Numbers are integers when they have neither fraction nor exponent. */
export type LeafKind = 'integer' | 'float' | 'boolean' | 'string' | 'bytes';

export type TensorFault =
  /** Lists of one axis differ in length. */
  | { readonly kind: 'ragged'; readonly axis: number; readonly expected: number; readonly given: number }
  /** An element stands beside a list, or is one itself. */
  | {
      readonly kind: 'nesting';
      readonly axis: number;
      readonly expected: 'array' | 'element';
      readonly given: JsonKind;
    }
  /** An element of another kind than the first. */
  | {
      readonly kind: 'mixed';
      readonly element: number;
      readonly expected: LeafKind;
      readonly given: LeafKind;
    }
  | { readonly kind: 'null'; readonly element: number }
  /** An object, where the caller has given them no meaning. */
  | { readonly kind: 'object'; readonly element: number }
  | { readonly kind: 'too-many'; readonly limit: number };

export class JsonTensorError extends JsonError {
  override readonly name = 'JsonTensorError';
  readonly fault: TensorFault;

  constructor(at: number, fault: TensorFault) {
    super(at, faultText(fault));
    this.fault = fault;
  }
}

function faultText(fault: TensorFault): string {
  if (fault.kind === 'too-many') return `expected at most ${fault.limit} elements, given more`;
  if (fault.kind === 'ragged') {
    return `expected ${fault.expected} elements along axis ${fault.axis}, as in the list before, given ${fault.given}`;
  }
  if (fault.kind === 'nesting') {
    return `expected ${withArticle(fault.expected)} at axis ${fault.axis}, as before, given ${withArticle(fault.given)}`;
  }
  return `element ${fault.element}: ${elementText(fault)}`;
}

function elementText(fault: Extract<TensorFault, { element: number }>): string {
  if (fault.kind === 'null') return 'expected a value, given null';
  if (fault.kind === 'object') return 'expected a number, boolean or string, given an object';
  return `expected ${named(fault.expected)}, as the first one, given ${named(fault.given)}`;
}

function named(kind: LeafKind): string {
  return kind === 'bytes' ? 'bytes' : withArticle(kind);
}
