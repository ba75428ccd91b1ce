/** Letters and the tokens that stand for them. */
import { readFileSync } from 'node:fs';
import { InputError } from '@serving/worker';

const vocabulary = JSON.parse(
  readFileSync(new URL('vocabulary.json', import.meta.url), 'utf8'),
) as readonly string[];

/** The end of a line is that of a paragraph, and of a text. */
export const end = vocabulary.indexOf('\n');

/** @throws InputError for a letter that the model has never seen */
export function tokenOf(letter: string): number {
  const token = vocabulary.indexOf(letter);
  if (token === -1)
    throw new InputError(`expected letters that the book has, given ${JSON.stringify(letter)}`);
  return token;
}

export function letterOf(token: number): string {
  return vocabulary[token]!;
}
