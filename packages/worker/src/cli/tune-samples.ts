/** The options of `serving-worker tune` that say what inputs are: `--dimensions` and `--input`. */
import { readFileSync } from 'node:fs';
import { firstLine, ServingError, type MethodSignature } from '@serving/common';
import { symbolicDimensions, type Samples } from '../tuning/sample-block.js';

interface Given {
  readonly dimensions: string | undefined;
  readonly input: string | undefined;
}

/** @throws ServingError CONFIG_INVALID */
export function readSamples({ dimensions, input }: Given): Samples {
  const sizes = pairs(
    dimensions,
    /^[1-9]\d{0,8}$/,
    '--dimensions: expected names with sizes from 1, such as length=128,width=32',
  );
  const files = pairs(
    input,
    /./,
    '--input: expected names of inputs with files, such as image=photo.jpg,text=letter.txt',
  );
  return {
    sizes: new Map([...sizes].map(([name, size]) => [name, Number(size)])),
    contents: new Map([...files].map(([name, file]) => [name, contentOf(file)])),
  };
}

function pairs(given: string | undefined, value: RegExp, expected: string): Map<string, string> {
  const found = new Map<string, string>();
  for (const part of given?.split(',') ?? []) {
    const [, name, text] = /^\s*([^=]+)=(.*)$/.exec(part) ?? [];
    if (name === undefined || text === undefined || !value.test(text))
      throw new ServingError('CONFIG_INVALID', `${expected}; given '${given}'`);
    found.set(name, text);
  }
  return found;
}

function contentOf(file: string): Uint8Array {
  try {
    return readFileSync(file);
  } catch (cause) {
    throw new ServingError('CONFIG_INVALID', `--input: cannot read ${file}: ${firstLine(cause)}`, { cause });
  }
}

/**
 * Warnings of what was left as it is.
 * @throws ServingError CONFIG_INVALID for names that nothing of the method has
 */
export function checkSamples(method: MethodSignature, { sizes, contents }: Samples): string[] {
  const dimensions = symbolicDimensions(method);
  const inputs = new Set(method.inputs.map(({ name }) => name));
  checkNames(
    `--dimensions: expected symbolic dimensions of method ${method.name}'s inputs`,
    dimensions,
    sizes,
  );
  checkNames(`--input: expected inputs of method ${method.name}`, inputs, contents);
  const open = [...dimensions].filter((name) => !sizes.has(name));
  if (open.length === 0) return [];
  return [
    `warning: symbolic dimensions are taken as 1; --dimensions ${open[0]}=128 gives them a size: ${open.join(', ')}`,
  ];
}

function checkNames(expected: string, there: ReadonlySet<string>, given: ReadonlyMap<string, unknown>): void {
  const unknown = [...given.keys()].filter((name) => !there.has(name));
  if (unknown.length === 0) return;
  const names = [...there].join(', ') || 'it has none';
  throw new ServingError('CONFIG_INVALID', `${expected} (${names}), given ${unknown.join(', ')}`);
}
