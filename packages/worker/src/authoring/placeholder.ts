/** What stands for the values of a method while its stages are put together. */
import { mistakeHere } from '../definition/definition-draft.js';
import type { StageDefinition } from '../definition/definition.js';

/** @internal A method while its builder function runs. */
export interface MethodDraft {
  readonly name: string;
  readonly stages: StageDefinition[];
  slotCount: number;
}

/** Stands for a value of every instance while a method's stages are put together. */
export class Placeholder {
  /** @internal */
  readonly slot: number;
  /** @internal */
  readonly method: MethodDraft;

  /** @internal */
  constructor(slot: number, method: MethodDraft) {
    this.slot = slot;
    this.method = method;
  }
}

// Not members of the class: for TypeScript a placeholder is no list and no number, so that it finds these mistakes first.
Object.defineProperties(Placeholder.prototype, {
  [Symbol.iterator]: {
    value(this: Placeholder): never {
      throw mistakeHere(
        `method ${this.method.name}: expected a list, given one placeholder; a stage that gives several values says how many: addStage(stage, inputs, { outputs: 2 })`,
      );
    },
  },
  [Symbol.toPrimitive]: {
    value(this: Placeholder): never {
      throw mistakeHere(
        `method ${this.method.name}: placeholders stand for values that exist only when requests run; compute in a stage`,
      );
    },
  },
});
