/** Tensors of single instances ↔ one tensor with a batch dimension. */
import { asBytes, ownShape, StringTensor, Tensor, typedArrayConstructor } from '@serving/common';
import type { ModelTensor } from '../sessions/session.js';

/** Each instance of a stacked numeric tensor, as views. */
export function rowsOf(stacked: Tensor): Tensor[] {
  const [count = 0, ...rest] = stacked.shape;
  const shape = ownShape(rest);
  const size = count === 0 ? 0 : stacked.data.length / count;
  const rows: Tensor[] = [];
  for (let i = 0; i < count; i++)
    rows.push(new Tensor(stacked.dtype, shape, stacked.data.subarray(i * size, (i + 1) * size)));
  return rows;
}

/** The same for what a model gives. */
export function splitRows(stacked: ModelTensor): ModelTensor[] {
  if (stacked instanceof Tensor) return rowsOf(stacked);
  const [count = 0, ...rest] = stacked.shape;
  const shape = ownShape(rest);
  const size = count === 0 ? 0 : stacked.data.length / count;
  return Array.from(
    { length: count },
    (_, row) => new StringTensor(shape, stacked.data.slice(row * size, (row + 1) * size)),
  );
}

/** Stacks tensors of one dtype and shape along a new dimension 0, up to `padTo` by repeating the last one. */
export function stack(rows: readonly ModelTensor[], padTo = rows.length): ModelTensor {
  const [first] = rows;
  const row = (index: number) => rows[Math.min(index, rows.length - 1)]!;
  if (first instanceof StringTensor) {
    const elements = Array.from({ length: padTo }, (_, index) => (row(index) as StringTensor).data).flat();
    return new StringTensor([padTo, ...first.shape], elements);
  }
  const { dtype, shape, data } = first!;
  const stacked = new (typedArrayConstructor(dtype))(data.length * padTo);
  const bytes = asBytes(stacked);
  for (let i = 0; i < padTo; i++) bytes.set(asBytes((row(i) as Tensor).data), i * data.byteLength);
  return new Tensor(dtype, [padTo, ...shape], stacked);
}
