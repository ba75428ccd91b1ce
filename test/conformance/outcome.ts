/** What came of a case, and how two of these differ. */

export interface Output {
  readonly name: string;
  readonly dtype: string;
  readonly shape: readonly number[];
  /** Numbers as their bytes. */
  readonly elements: Uint8Array | readonly string[];
}

export interface Outcome {
  /** Of the case. */
  readonly name: string;
  /** Outputs of each instance; missing when there is an error. */
  readonly instances?: readonly (readonly Output[])[];
  readonly error?: string;
}

/** What is wrong with `given`; undefined when all is as expected, bit by bit. */
export function differenceOf(expected: Outcome, given: Outcome | undefined): string | undefined {
  if (expected.instances === undefined) return `${expected.name}: onnxruntime itself: ${expected.error}`;
  if (given?.instances === undefined) return `${expected.name}: ${given?.error ?? 'no outcome'}`;
  for (const [instance, outputs] of expected.instances.entries()) {
    for (const output of outputs) {
      const other = given.instances[instance]?.find(({ name }) => name === output.name);
      if (other === undefined || shown(other) !== shown(output)) {
        const found = other === undefined ? 'nothing' : shown(other);
        return `${expected.name}: instance ${instance}: ${output.name}: expected ${shown(output)}, given ${found}`;
      }
    }
  }
  return undefined;
}

function shown({ dtype, shape, elements }: Output): string {
  if (ArrayBuffer.isView(elements))
    return `${dtype} [${shape.join()}] ${Buffer.from(elements).toString('hex')}`;
  // The protocol carries a single text without its shape.
  return `${dtype} ${elements.length === 1 ? '' : `[${shape.join()}] `}${JSON.stringify(elements)}`;
}
