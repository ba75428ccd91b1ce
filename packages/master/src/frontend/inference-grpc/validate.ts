/** Contents of an input in the fields of their types → bytes, if they are what the datatype says. */
import { ServingError, type inference } from '@serving/common';

type Contents = inference.InferTensorContents;
type IntegerArray = new (values: readonly number[]) => ArrayBufferView & ArrayLike<number>;

interface ContentsRule {
  readonly field: keyof Contents;
  /** @param values of the field @param what names the input in an error */
  readonly bytesOf: (values: never, what: string) => Uint8Array | readonly Uint8Array[];
}

const viewBytes = ({ buffer, byteOffset, byteLength }: ArrayBufferView) =>
  new Uint8Array(buffer, byteOffset, byteLength);

/** @throws ServingError INVALID_TENSOR for values beyond the datatype */
function integers(field: keyof Contents, datatype: string, array: IntegerArray): ContentsRule {
  const bytesOf = (values: readonly number[], what: string) => {
    const kept = new array(values);
    for (let i = 0; i < values.length; i++)
      if (kept[i] !== values[i])
        throw invalid(`${what}: element ${i}: expected a value of ${datatype}, given ${values[i]}`);
    return viewBytes(kept);
  };
  return { field, bytesOf };
}

function elements(field: keyof Contents, encode: (values: never) => ArrayBufferView): ContentsRule {
  return { field, bytesOf: (values) => viewBytes(encode(values)) };
}

/** FP16 has no field. */
const rules: Readonly<Record<string, ContentsRule>> = {
  BOOL: elements('boolContents', (values: boolean[]) => Uint8Array.from(values, Number)),
  INT8: integers('intContents', 'INT8', Int8Array),
  INT16: integers('intContents', 'INT16', Int16Array),
  INT32: integers('intContents', 'INT32', Int32Array),
  INT64: elements('int64Contents', (values: bigint[]) => BigInt64Array.from(values)),
  UINT8: integers('uintContents', 'UINT8', Uint8Array),
  UINT16: integers('uintContents', 'UINT16', Uint16Array),
  UINT32: integers('uintContents', 'UINT32', Uint32Array),
  UINT64: elements('uint64Contents', (values: bigint[]) => BigUint64Array.from(values)),
  FP32: elements('fp32Contents', (values: number[]) => Float32Array.from(values)),
  FP64: elements('fp64Contents', (values: number[]) => Float64Array.from(values)),
  BYTES: { field: 'bytesContents', bytesOf: (values: readonly Uint8Array[]) => values },
};

/**
 * @param what names the input in an error
 * @throws ServingError INVALID_TENSOR for elements in another field than that of the datatype, or beyond it
 */
export function typedContents(
  datatype: string,
  contents: Contents,
  what: string,
): Uint8Array | readonly Uint8Array[] {
  const given = (Object.keys(contents) as (keyof Contents)[]).filter((field) => contents[field].length > 0);
  const rule = rules[datatype];
  const expected = rule === undefined ? 'raw_input_contents' : snakeCase(rule.field);
  const wrong = given.find((field) => field !== rule?.field);
  if (wrong !== undefined)
    throw invalid(`${what}: expected elements of ${datatype} in ${expected}, given ${snakeCase(wrong)}`);
  // Of a datatype that is none, or has no field, there are no elements, which whoever reads the tensor says.
  return rule === undefined ? new Uint8Array(0) : rule.bytesOf(contents[rule.field] as never, what);
}

function snakeCase(field: string): string {
  return field.replace(/[A-Z]/g, (letter) => `_${letter.toLowerCase()}`);
}

/** @throws ServingError INVALID_TENSOR when inputs and raw contents do not pair */
export function checkRaw({ inputs, rawInputContents, modelName }: inference.ModelInferRequest): void {
  if (rawInputContents.length === 0) return;
  const typed = inputs.find(({ contents }) => contents !== undefined);
  if (typed !== undefined)
    throw invalid(
      `contents field must not be specified when using raw_input_contents for '${typed.name}' for model '${modelName}'`,
    );
  if (inputs.length !== rawInputContents.length)
    throw invalid(
      `model '${modelName}': expected as many raw_input_contents as inputs, ${inputs.length}, given ${rawInputContents.length}`,
    );
}

/** Dimensions as numbers; of those that no tensor can have, the reader of the tensor says what is wrong. */
export function shapeOf(dims: readonly bigint[]): number[] {
  return dims.map(Number);
}

function invalid(text: string): ServingError {
  return new ServingError('INVALID_TENSOR', text);
}
