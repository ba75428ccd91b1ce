/** Inputs whose size varies: what pads them is a stage of its own, before those of the author. */
import {
  isAscending,
  Tensor,
  type DataType,
  type NumericType,
  type Padding,
  type Port,
} from '@serving/common';
import type { DefinitionDraft } from '../definition/definition-draft.js';
import type { SourceLine } from '../definition/definition.js';
import { pad } from '../stages/pad.js';
import { checkOptions, checkText, isRecord, show } from './checks.js';
import { Placeholder, type MethodDraft } from './placeholder.js';

/** How an input of varying size is brought to few sizes, so that many instances fit one run of a model. */
export interface PadOptions {
  /** Sizes, ascending. An instance is padded at its end to the smallest that holds it; a larger one is refused. */
  to: readonly number[];
  /** What is filled in. @default 0 */
  with?: number;
  /** Gives the size that was sent as one more placeholder of this name: an int64 scalar for each instance. */
  length?: string;
}

interface PaddedPort {
  readonly dtype: DataType | undefined;
  readonly shape: readonly (number | string)[] | undefined;
  readonly pad: unknown;
}

/** @throws ServingError LOAD_FAILED naming the line */
export function paddingOf(
  draft: DefinitionDraft,
  what: string,
  { dtype, shape, pad: given }: PaddedPort,
): Padding | undefined {
  if (given === undefined) return undefined;
  checkOptions(draft, what, given, ['to', 'with', 'length']);
  const { to, with: filler, length } = given as PadOptions;
  if (!isAscending(to))
    throw draft.mistake(
      `${what}: to: expected whole numbers from 1, each greater than the one before, given ${JSON.stringify(to)}`,
    );
  if (filler !== undefined && typeof filler !== 'number')
    throw draft.mistake(`${what}: with: expected a number, given ${show(filler)}`);
  if (filler !== undefined && isNumericType(dtype) && !isValueOf(dtype, filler))
    throw draft.mistake(`${what}: with: expected a value that ${dtype} has, given ${filler}`);
  if (length !== undefined) checkText(draft, `${what}: length`, length, 'a name');
  const varying = (shape ?? []).flatMap((dimension, axis) => (typeof dimension === 'string' ? [axis] : []));
  if (varying.length !== 1 || !isNumericType(dtype))
    throw draft.mistake(
      `${what}: expected beside it a numeric dtype and a shape of which one dimension is a name, given ${dtype ?? 'no dtype'} and ${shape === undefined ? 'no shape' : JSON.stringify(shape)}`,
    );
  return { dimension: varying[0]!, sizes: [...to] };
}

function isNumericType(dtype: DataType | undefined): dtype is NumericType {
  return dtype !== undefined && dtype !== 'string' && dtype !== 'bytes';
}

/** Floating-point types round; others have the value or have it not. */
function isValueOf(dtype: NumericType, value: number): boolean {
  if (dtype.startsWith('float')) return true;
  const there = new Tensor('float64', [1], Float64Array.of(value)).astype(dtype);
  return there.astype('float64').data[0] === value;
}

/** Adds a stage for each input that is padded; gives what stands for their padded values and lengths, by name. */
export function addPadding(
  draft: DefinitionDraft,
  method: MethodDraft,
  inputs: readonly Port[],
  options: unknown,
  at: SourceLine,
): ReadonlyMap<string, Placeholder> {
  const padded = new Map<string, Placeholder>();
  for (const [slot, { name, padding }] of inputs.entries()) {
    if (padding === undefined || !isRecord(options)) continue;
    const { with: filler = 0, length } = (options[name] as { pad: PadOptions }).pad;
    const outputs = [method.slotCount++, method.slotCount++];
    const run = pad(padding, filler);
    const functionStage = { kind: 'function' as const, name: `pad ${name}`, run };
    const settings = { tag: `padding of input '${name}'`, batchSize: undefined, timeoutMs: undefined };
    method.stages.push({ ...functionStage, ...settings, inputs: [slot], outputs, at });
    padded.set(name, new Placeholder(outputs[0]!, method));
    if (length === undefined) continue;
    if (inputs.some((input) => input.name === length) || padded.has(length))
      throw draft.mistake(
        `method ${method.name}: inputs: ${name}: pad: length: expected a name that is not in use, given '${length}'`,
      );
    padded.set(length, new Placeholder(outputs[1]!, method));
  }
  return padded;
}
