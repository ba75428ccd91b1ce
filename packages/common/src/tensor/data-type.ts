/** The 14 element types, with their width and the number both wire protocols use (MindSpore Serving `DataType`). */

/** Element types whose values have a fixed width. */
export type NumericType =
  | 'bool'
  | 'int8'
  | 'uint8'
  | 'int16'
  | 'uint16'
  | 'int32'
  | 'uint32'
  | 'int64'
  | 'uint64'
  | 'float16'
  | 'float32'
  | 'float64';

/** Any element type. `string` is UTF-8 text, `bytes` is opaque. */
export type DataType = NumericType | 'string' | 'bytes';

interface DataTypeRow {
  readonly wire: number;
  /** Bytes per element; 0 for the variable-width types. */
  readonly width: number;
  /** The name MindSpore Serving uses in its error texts. */
  readonly mindspore: string;
}

const table: Record<DataType, DataTypeRow> = {
  bool: { wire: 1, width: 1, mindspore: 'kMSI_Bool' },
  int8: { wire: 2, width: 1, mindspore: 'kMSI_Int8' },
  uint8: { wire: 3, width: 1, mindspore: 'kMSI_Uint8' },
  int16: { wire: 4, width: 2, mindspore: 'kMSI_Int16' },
  uint16: { wire: 5, width: 2, mindspore: 'kMSI_Uint16' },
  int32: { wire: 6, width: 4, mindspore: 'kMSI_Int32' },
  uint32: { wire: 7, width: 4, mindspore: 'kMSI_Uint32' },
  int64: { wire: 8, width: 8, mindspore: 'kMSI_Int64' },
  uint64: { wire: 9, width: 8, mindspore: 'kMSI_Uint64' },
  float16: { wire: 10, width: 2, mindspore: 'kMSI_Float16' },
  float32: { wire: 11, width: 4, mindspore: 'kMSI_Float32' },
  float64: { wire: 12, width: 8, mindspore: 'kMSI_Float64' },
  string: { wire: 13, width: 0, mindspore: 'kMSI_String' },
  bytes: { wire: 14, width: 0, mindspore: 'kMSI_Bytes' },
};

export const dataTypes = Object.keys(table) as readonly DataType[];

const byWire: (DataType | undefined)[] = [];
for (const dtype of dataTypes) byWire[table[dtype].wire] = dtype;

/** The element type with this wire number, or undefined when there is none. */
export function dataTypeFromWire(wire: number): DataType | undefined {
  return byWire[wire];
}

export function dataTypeToWire(dtype: DataType): number {
  return table[dtype].wire;
}

export function mindsporeTypeName(dtype: DataType): string {
  return table[dtype].mindspore;
}

export function isNumericType(dtype: DataType): dtype is NumericType {
  return table[dtype].width > 0;
}

export function isDataType(text: string): text is DataType {
  return Object.hasOwn(table, text);
}

/** Bytes per element; 0 for `string` and `bytes`. */
export function elementWidth(dtype: DataType): number {
  return table[dtype].width;
}
