/** Messages of the protocol as JSON: names as the schema has them, enums by name, 64-bit integers with all their digits. */
import { modelConfig } from '@serving/common';

interface EnumNames {
  readonly names: Readonly<Record<number, string>>;
  /** What the schema has before every name, and generated code has not. */
  readonly prefix: string;
}

/** The enum of a field, by the field's name. */
const enums: Readonly<Record<string, EnumNames>> = {
  dataType: { names: modelConfig.DataType, prefix: '' },
  format: { names: modelConfig.ModelInput_Format, prefix: 'FORMAT_' },
  kind: { names: modelConfig.ModelInstanceGroup_Kind, prefix: 'KIND_' },
  timeoutAction: { names: modelConfig.ModelQueuePolicy_TimeoutAction, prefix: '' },
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
  const known = enums[field];
  if (known !== undefined && typeof value === 'number')
    return [[snakeCase(field), `${known.prefix}${known.names[value]}`]];
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
