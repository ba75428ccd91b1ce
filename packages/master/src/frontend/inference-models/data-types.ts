/** Element types as the Open Inference Protocol names them, in requests and in model configurations. */
import { modelConfig, type DataType } from '@serving/common';

const names: Readonly<Record<DataType, string>> = {
  bool: 'BOOL',
  int8: 'INT8',
  uint8: 'UINT8',
  int16: 'INT16',
  uint16: 'UINT16',
  int32: 'INT32',
  uint32: 'UINT32',
  int64: 'INT64',
  uint64: 'UINT64',
  float16: 'FP16',
  float32: 'FP32',
  float64: 'FP64',
  string: 'BYTES',
  bytes: 'BYTES',
};

const byName = new Map(Object.entries(names).map(([dtype, name]) => [name, dtype as DataType]));

/** The names that requests may use. */
export const datatypeNames: readonly string[] = [...byName.keys()];

/** `FP32`; text and bytes are both `BYTES`. Empty for a type that is open. */
export function datatypeOf(dtype: DataType | undefined): string {
  return dtype === undefined ? '' : names[dtype];
}

/** The element type of this name, `bytes` for `BYTES`; undefined when there is none. */
export function dataTypeOf(datatype: string): DataType | undefined {
  return byName.get(datatype);
}

/** As a model configuration has it; TYPE_INVALID for a type that is open. */
export function configTypeOf(dtype: DataType | undefined): modelConfig.DataType {
  if (dtype === undefined) return modelConfig.DataType.TYPE_INVALID;
  const name = names[dtype] === 'BYTES' ? 'TYPE_STRING' : `TYPE_${names[dtype]}`;
  return modelConfig.DataType[name as keyof typeof modelConfig.DataType];
}
