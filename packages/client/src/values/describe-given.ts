/** The "given …" half of an error text. */

const longest = 40;

/** A value in a few words; never its whole content. */
export function describeGiven(value: unknown): string {
  if (value === null || value === undefined) return String(value);
  if (typeof value === 'string') return `string ${shorten(JSON.stringify(value))}`;
  if (typeof value === 'object') return describeObject(value);
  if (typeof value === 'number' || typeof value === 'bigint' || typeof value === 'boolean')
    return `${typeof value} ${shorten(String(value))}`;
  return `a ${typeof value}`;
}

function describeObject(value: object): string {
  if (Array.isArray(value)) return `an array of ${value.length}`;
  const { constructor } = value;
  return typeof constructor === 'function' && constructor.name !== ''
    ? `${constructor.name} object`
    : 'an object';
}

function shorten(text: string): string {
  return text.length <= longest ? text : `${text.slice(0, longest)}…`;
}
