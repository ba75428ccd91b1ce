/** Texts of whatever was thrown. Stages and configurations throw anything, so none of these ever throws itself. */
import { shortened } from './shortened.js';

/** A message goes into a header of HTTP/2 too, where clients take some kilobytes, each byte as up to three. */
const longestLine = 1000;

/** The first line of whatever was thrown, without a stack, cut at 1000 characters. */
export function firstLine(thrown: unknown): string {
  const text = textOf(thrown);
  const end = text.search(/\r?\n/);
  const line = end === -1 ? text : text.slice(0, end);
  return shortened(line, longestLine);
}

/** `[object Object]` says nothing to anybody. */
function kindOf(thrown: unknown): string {
  const name = Object(thrown).constructor.name as unknown;
  return typeof name === 'string' && name !== '' && name !== 'Object'
    ? `an object of class ${name}`
    : 'an object';
}

function textOf(thrown: unknown): string {
  try {
    // Not `instanceof Error`: an error may come from another realm, and what looks like one is as good.
    const message =
      typeof thrown === 'object' && thrown !== null && 'message' in thrown ? thrown.message : thrown;
    const text = String(message);
    if (typeof message === 'string') return text;
    return /^\[object .*\]$/.test(text) ? `${kindOf(thrown)} without a message was thrown` : text;
  } catch {
    return 'something without a text was thrown';
  }
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
