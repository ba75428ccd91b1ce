/** Entry of the `serving-client` program. */
import { once } from 'node:events';
import { runProgram } from './cli/program.js';

// The reader of a pipe may leave early (`| head`); that is its right and no failure of ours. A stream may have no end.
process.stdout.on('error', (error: NodeJS.ErrnoException) => {
  if (error.code !== 'EPIPE') throw error;
  process.exit();
});

process.exitCode = await runProgram(process.argv.slice(2), {
  stdin: process.stdin,
  writeOut: (text) => void process.stdout.write(text),
  drained: async () => {
    if (process.stdout.writableNeedDrain) await once(process.stdout, 'drain');
  },
  writeError: (text) => void process.stderr.write(text),
});
