/** The text of a file or of standard input. */
import { readFile } from 'node:fs/promises';
import { ServingError } from '@serving/common';

/** What the program needs of `process.stdin`. */
export type InputStream = AsyncIterable<Uint8Array | string> & { readonly isTTY?: boolean };

/** @param file a path; `-` or undefined for standard input. @throws ServingError BAD_REQUEST */
export async function readInput(file: string | undefined, stdin: InputStream): Promise<string> {
  if (file !== undefined && file !== '-') return withoutMark(await readText(file));
  // Waiting for someone to type JSON looks like hanging, unless `--input -` says that it is meant.
  if (stdin.isTTY === true && file === undefined)
    throw new ServingError(
      'BAD_REQUEST',
      'no instances: give them with --input <file>, or pipe {"instances": [...]} into this command',
    );
  const chunks: Uint8Array[] = [];
  for await (const chunk of stdin) chunks.push(typeof chunk === 'string' ? Buffer.from(chunk) : chunk);
  return withoutMark(Buffer.concat(chunks).toString('utf8'));
}

async function readText(file: string): Promise<string> {
  try {
    return await readFile(file, 'utf8');
  } catch (cause) {
    const { code } = cause as NodeJS.ErrnoException;
    throw new ServingError(
      'BAD_REQUEST',
      `cannot read ${file}: ${reasons[code ?? ''] ?? code ?? String(cause)}`,
      {
        cause,
      },
    );
  }
}

const reasons: Readonly<Record<string, string>> = {
  ENOENT: 'there is no such file',
  EISDIR: 'it is a directory',
  EACCES: 'permission denied',
};

/** Editors of some systems begin a file with a byte order mark, which is no JSON. */
function withoutMark(text: string): string {
  return text.startsWith('\ufeff') ? text.slice(1) : text;
}
