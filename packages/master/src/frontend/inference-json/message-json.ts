/** Messages of the protocol as JSON: names as the schema has them, enums by name, 64-bit integers with all their digits. */
import { modelConfig } from '@serving/common';

/** The enum of a field, by the field's name. */
const enums: Readonly<Record<string, Readonly<Record<number, string>>>> = {
  dataType: modelConfig.DataType,
  format: modelConfig.ModelInput_Format,
  kind: modelConfig.ModelInstanceGroup_Kind,
  timeoutAction: modelConfig.ModelQueuePolicy_TimeoutAction,
};

/** @param message as it is generated: what is undefined is left out, of alternatives the one that is there is a member */
export function messageJson(message: unknown): string {
  if (typeof message === 'bigint') return String(message);
  if (Array.isArray(message)) return `[${message.map(messageJson).join(',')}]`;
  if (typeof message !== 'object' || message === null) return JSON.stringify(message);
  if (message instanceof Map) return objectJson([...message] as [string, unknown][]);
  return objectJson(Object.entries(message).flatMap(memberOf));
}

function memberOf([field, value]: [string, unknown]): [string, unknown][] {
  if (value === undefined) return [];
  const names = enums[field];
  if (names !== undefined && typeof value === 'number') return [[snakeCase(field), names[value]]];
  if (isChoice(value)) return [[snakeCase(value.$case), value.value]];
  return [[snakeCase(field), value]];
}

function isChoice(value: unknown): value is { readonly $case: string; readonly value: unknown } {
  return typeof value === 'object' && value !== null && '$case' in value;
}

function objectJson(members: readonly [string, unknown][]): string {
  return `{${members.map(([name, value]) => `${JSON.stringify(name)}:${messageJson(value)}`).join(',')}}`;
}

function snakeCase(name: string): string {
  return name.replace(/[A-Z]/g, (letter) => `_${letter.toLowerCase()}`);
}
