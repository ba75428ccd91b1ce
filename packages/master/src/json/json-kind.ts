/** The kinds of JSON values. */

export type JsonKind = 'object' | 'array' | 'string' | 'number' | 'boolean' | 'null';

/** `an array`, `a string`, `null`. */
export function withArticle(kind: string): string {
  if (kind === 'null') return kind;
  return `${/^[aeiou]/.test(kind) ? 'an' : 'a'} ${kind}`;
}
