/** What stands for the values of a method while its stages are put together. */
import { inspect } from 'node:util';
import { mistakeHere } from '../definition/definition-draft.js';
import type { MethodConstant, StageDefinition } from '../definition/definition.js';

/** @internal A method while its builder function runs. */
export interface MethodDraft {
  readonly name: string;
  /** Names of its inputs. */
  readonly inputs: readonly string[];
  readonly isStreaming: boolean;
  readonly stages: StageDefinition[];
  readonly constants: MethodConstant[];
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
  [inspect.custom]: {
    value(this: Placeholder): string {
      return `placeholder of method ${this.method.name}`;
    },
  },
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

/**
 * A property that placeholders do not have would be undefined, and the mistake found elsewhere or when requests run.
 * `then` is looked for by every promise that is resolved with one.
 */
const nothingElse = new Proxy(Object.prototype, {
  get(target, property, placeholder: Placeholder) {
    if (typeof property === 'symbol' || property in target || property === 'then')
      return Reflect.get(target, property, placeholder) as unknown;
    throw mistakeHere(`method ${placeholder.method.name}: ${propertyMistake(property, placeholder.method)}`);
  },
});
Object.setPrototypeOf(Placeholder.prototype, nothingElse);

function propertyMistake(property: string, { inputs }: MethodDraft): string {
  if (inputs.includes(property))
    return `a placeholder has no ${property}; with inputs given as a list its function gets them one after another: (${inputs.join(', ')}) => …`;
  return `a placeholder has no ${property}: it stands for values that exist only when requests run; compute in a stage`;
}
