/** Recordings that the server has, by the names of their files. */
import { readFile } from 'node:fs/promises';
import { basename, join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { InputError } from '@serving/worker';

const folder = process.env['RECORDINGS'] ?? fileURLToPath(new URL('..', import.meta.url));

/** Callers name a file, not a path: they must not choose what else of the machine is read. @throws InputError */
export async function readRecording(file: string): Promise<Uint8Array> {
  if (basename(file) !== file || !file.endsWith('.wav'))
    throw new InputError(
      `expected the name of a WAV file of the server, such as speech.wav, given '${file}'`,
    );
  try {
    return await readFile(join(folder, file));
  } catch (thrown) {
    if ((thrown as NodeJS.ErrnoException).code !== 'ENOENT')
      throw new Error(`the recording '${file}' cannot be read`, { cause: thrown });
    throw new InputError(`no recording '${file}' that can be read`);
  }
}
