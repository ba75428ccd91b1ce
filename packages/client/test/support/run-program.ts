/** `serving-client` without a process: what it wrote and its exit code. */
import { Readable } from 'node:stream';
import { runProgram } from '../../src/cli/program.js';

/** @param stdin undefined for a terminal */
export async function run(args: readonly string[], stdin?: string) {
  let out = '';
  let error = '';
  const input =
    stdin === undefined ? Object.assign(Readable.from([]), { isTTY: true }) : Readable.from([stdin]);
  const exitCode = await runProgram(args, {
    stdin: input,
    writeOut: (text) => (out += text),
    drained: () => Promise.resolve(),
    writeError: (text) => (error += text),
  });
  return { exitCode, out, error };
}
