/** What a generator's process is told by its argument: the request to send, the reply to expect, and the call's headers. */
import { readFileSync } from 'node:fs';

export function readRun() {
  const run = JSON.parse(process.argv[2]);
  const headers = { ':method': 'POST', ':path': run.path, ...run.headers };
  return { run, headers, request: readFileSync(run.requestFile), expected: readFileSync(run.replyFile) };
}
