/** Collects what a servable_config declares while it runs. One draft is open at a time in a thread. */
import { basename, dirname, join, sep } from 'node:path';
import { ServingError, stackOf } from '@serving/common';
import type { MethodDefinition, ModelDefinition, ServableDefinition, SourceLine } from './definition.js';

export class DefinitionDraft {
  readonly #configFile: string;
  readonly #models: ModelDefinition[] = [];
  readonly #methods: MethodDefinition[] = [];

  constructor(configFile: string) {
    this.#configFile = configFile;
  }

  addModel(model: ModelDefinition): void {
    for (const file of model.files) {
      const earlier = this.#models.find((candidate) => candidate.files.includes(file));
      if (earlier === undefined) continue;
      throw this.mistake(
        `Declare model failed, model file '${file}' has already been used (${earlier.at ?? 'earlier'})`,
      );
    }
    this.#models.push(model);
  }

  isDeclared(model: ModelDefinition): boolean {
    return this.#models.includes(model);
  }

  addMethod(method: MethodDefinition): void {
    const earlier = this.#methods.find((candidate) => candidate.name === method.name);
    if (earlier !== undefined) {
      throw this.mistake(
        `Method ${method.name} has been registered more than once. First at ${earlier.at ?? 'an earlier place'}`,
      );
    }
    const byDefault = this.#methods.find((candidate) => candidate.isDefault);
    if (method.isDefault && byDefault !== undefined)
      throw this.mistake(
        `method ${method.name}: default: expected one default method, given a second one; the first is ${byDefault.name}, at ${byDefault.at ?? 'an earlier place'}`,
      );
    this.#methods.push(method);
  }

  finish(): ServableDefinition {
    if (this.#methods.length === 0) {
      throw new ServingError(
        'LOAD_FAILED',
        `${shownFile(this.#configFile)}: There is no method registered for servable; expected at least one registerMethod(...)`,
      );
    }
    return { models: this.#models, methods: this.#methods };
  }

  /** The line of the configuration that is running now. */
  here(): SourceLine {
    return sourceLine(stackHere(), this.#configFile);
  }

  /** A load error that names the line of the configuration that is running now. */
  mistake(message: string): ServingError {
    return new ServingError('LOAD_FAILED', `${this.here() ?? shownFile(this.#configFile)}: ${message}`);
  }
}

/** A configuration as messages name it, with its servable: `add/servable_config.ts`. */
export function shownFile(configFile: string): string {
  return join(basename(dirname(configFile)), basename(configFile));
}

/** As V8 writes it: what a configuration, or a package that it imports, makes of stacks may be anything. */
function stackHere(): string {
  const theirs: unknown = Reflect.get(Error, 'prepareStackTrace');
  Reflect.set(Error, 'prepareStackTrace', undefined);
  try {
    return stackOf(new Error('here')) ?? '';
  } finally {
    Reflect.set(Error, 'prepareStackTrace', theirs);
  }
}

/** The innermost place in `file` on a stack, as `servable/name:line`. */
function sourceLine(stack: string, file: string): SourceLine {
  for (const frame of stack.split('\n')) {
    const at = frame.indexOf(`${file}:`);
    if (at === -1) continue;
    const line = /^:(\d+)/.exec(frame.slice(at + file.length))?.[1];
    if (line !== undefined) return `${shownFile(file)}:${line}`;
  }
  return undefined;
}

/** The innermost place below `folder` on the error's stack, as `folder/file:line`: the configuration or what it imports. */
export function innermostLine(error: Error, folder: string): SourceLine {
  for (const frame of (stackOf(error) ?? '').split('\n')) {
    const at = frame.indexOf(folder + sep);
    const place = at === -1 ? null : /^(.+?):(\d+)/.exec(frame.slice(at + folder.length + 1));
    if (place !== null) return `${basename(folder)}/${place[1]}:${place[2]}`;
  }
  return undefined;
}

let open: DefinitionDraft | undefined;

/** The draft that declarations go to. @throws ServingError LOAD_FAILED outside a servable_config */
export function currentDraft(called: string): DefinitionDraft {
  if (open === undefined) {
    throw new ServingError(
      'LOAD_FAILED',
      `${called} can only be called while a servable_config is being loaded`,
    );
  }
  return open;
}

/** A load error for a mistake in what is running now, which may also be a stage long after the load. */
export function mistakeHere(message: string): ServingError {
  return open?.mistake(message) ?? new ServingError('LOAD_FAILED', message);
}

/** Runs `load` with the draft open and closes it afterwards. */
export async function withDraft(
  draft: DefinitionDraft,
  load: () => Promise<unknown>,
): Promise<ServableDefinition> {
  open = draft;
  try {
    await load();
    return draft.finish();
  } finally {
    open = undefined;
  }
}
