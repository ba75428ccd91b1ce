/** Texts of whatever was thrown. Stages and configurations throw anything, so none of these ever throws itself. */
import { shortened } from './shortened.js';

/** A message goes into a header of HTTP/2 too, where clients take some kilobytes, each byte as up to three. */
const longestLine = 1000;

/** The first line with something in it of whatever was thrown, without a stack, cut at 1000 characters. */
export function firstLine(thrown: unknown): string {
  try {
    return lineOf(textOf(thrown)) ?? lineOf(nameOf(thrown)) ?? without(thrown);
  } catch {
    return 'something without a text was thrown';
  }
}

/** Not `instanceof Error`: an error may come from another realm, and what looks like one is as good. */
function textOf(thrown: unknown): string {
  const hasMessage = typeof thrown === 'object' && thrown !== null && 'message' in thrown;
  const message = hasMessage ? thrown.message : thrown;
  const text = String(message);
  if (typeof message === 'string') return text;
  // `[object Object]` says nothing to anybody.
  return /^\[object .*\]$/.test(text) ? without(thrown) : text;
}

function without(thrown: unknown): string {
  if (typeof thrown === 'string') return 'an empty text was thrown';
  const name = Object(thrown).constructor.name as unknown;
  const kind =
    typeof name === 'string' && name !== '' && name !== 'Object' ? `an object of class ${name}` : 'an object';
  return `${kind} without a message was thrown`;
}

/** `AssertionError`, for one that says nothing else. */
function nameOf(thrown: unknown): string {
  return typeof thrown === 'object' && thrown !== null && 'name' in thrown ? String(thrown.name) : '';
}

function lineOf(text: string): string | undefined {
  const start = text.search(/\S/);
  if (start === -1) return undefined;
  const end = text.indexOf('\n', start);
  return shortened(text.slice(start, end === -1 ? undefined : end).trimEnd(), longestLine);
}

/** The stack of an error; undefined where there is none, or something that is no text: both can be set by anybody. */
export function stackOf(thrown: unknown): string | undefined {
  try {
    const stack: unknown = typeof thrown === 'object' && thrown !== null && 'stack' in thrown && thrown.stack;
    return typeof stack === 'string' && stack !== '' ? stack : undefined;
  } catch {
    return undefined;
  }
}

/** For a log: the stack, or the first line of what has none. */
export function stackOrLine(thrown: unknown): string {
  return stackOf(thrown) ?? firstLine(thrown);
}
