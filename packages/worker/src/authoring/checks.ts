/** Checks of what a configuration hands over. It may be plain JavaScript, so nothing is taken for granted. */
import { loneSurrogateAt } from '@serving/common';
import type { DefinitionDraft } from '../definition/definition-draft.js';
import { Placeholder } from './placeholder.js';

/** A misspelt option would be ignored in silence otherwise. */
export function checkOptions(
  draft: DefinitionDraft,
  what: string,
  options: unknown,
  known: readonly string[],
): void {
  if (!isRecord(options))
    throw draft.mistake(`${what}: expected options { ${known.join(', ')} }, given ${show(options)}`);
  const unknown = Object.keys(options).find((key) => !known.includes(key));
  if (unknown !== undefined)
    throw draft.mistake(`${what}: unknown option '${unknown}'; expected ${known.join(', ')}`);
}

export function isRecord(value: unknown): value is Readonly<Record<string, unknown>> {
  return typeof value === 'object' && value !== null && !Array.isArray(value);
}

export function checkBoolean(draft: DefinitionDraft, what: string, value: unknown): void {
  if (value !== undefined && typeof value !== 'boolean')
    throw draft.mistake(`${what}: expected true or false, given ${show(value)}`);
}

export function checkInteger(
  draft: DefinitionDraft,
  what: string,
  value: unknown,
  least: number,
  most = Number.MAX_SAFE_INTEGER,
): void {
  if (value === undefined) return;
  if (Number.isSafeInteger(value) && Number(value) >= least && Number(value) <= most) return;
  const limit = most === Number.MAX_SAFE_INTEGER ? '' : ` to ${most}`;
  throw draft.mistake(`${what}: expected a whole number from ${least}${limit}, given ${show(value)}`);
}

export function checkText(draft: DefinitionDraft, what: string, value: unknown, expected: string): void {
  if (typeof value !== 'string' || value === '')
    throw draft.mistake(`${what}: expected ${expected}, given ${show(value)}`);
}

/** Clients name it in UTF-8, which cannot hold half of a surrogate pair: nobody could call it. */
export function checkSendable(draft: DefinitionDraft, what: string, name: string): void {
  const at = loneSurrogateAt(name);
  if (at !== -1)
    throw draft.mistake(
      `${what}: expected a name that can be sent, given half of a surrogate pair at position ${at} of ${JSON.stringify(name)}`,
    );
}

export function checkChoice(
  draft: DefinitionDraft,
  what: string,
  value: unknown,
  choices: readonly string[],
): void {
  if (value !== undefined && !choices.includes(value as string))
    throw draft.mistake(`${what}: expected ${choices.map((c) => `'${c}'`).join(', ')}, given ${show(value)}`);
}

/** A value in a message: short, and in the author's own terms. */
export function show(value: unknown): string {
  if (typeof value === 'string') return `'${value}'`;
  if (value instanceof Placeholder) return `a value of method ${value.method.name}`;
  if (Array.isArray(value)) return 'a list';
  if (typeof value === 'function') return 'a function';
  if (value === null || typeof value !== 'object') return String(value);
  return value.constructor?.name ?? 'an object';
}
