/** The load generator for machines without h2load: generator.mjs in a process of its own. */
import { fileURLToPath } from 'node:url';
import type { ChildProcesses } from '../servers/child-processes.ts';
import { outputOf } from './child-output.ts';
import { WrongReply, type LoadGenerator, type LoadResult } from './load-generator.ts';

const program = fileURLToPath(new URL('generator.mjs', import.meta.url));
const graceMs = 20_000;

interface Report extends LoadResult {
  readonly errors: number;
  readonly firstError?: string;
}

export function ownGenerator(children: ChildProcesses): LoadGenerator {
  return {
    name: `bench/load/generator.mjs on node:http2 of node ${process.version.slice(1)}`,
    async run(run) {
      const limitMs = run.seconds * 1000 + graceMs;
      const output = await outputOf(children, process.execPath, [program, JSON.stringify(run)], limitMs);
      const report = JSON.parse(output) as Report;
      if (report.errors > 0 || report.requests === 0)
        throw new WrongReply(
          `${report.errors} of ${report.errors + report.requests} replies were wrong, the first one: ${report.firstError}`,
        );
      return report;
    },
  };
}
