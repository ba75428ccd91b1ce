/** docs/benchmarks.md: what was measured, on what, and how to read it. */
import type { BenchCase } from '../case.ts';
import type { Row } from '../harness/row.ts';
import type { Surroundings } from '../system/machine.ts';
import { markdownTable } from './table.ts';

export interface PageContents {
  readonly surroundings: Surroundings;
  readonly generator: string;
  readonly seconds: number;
  readonly pairs: number;
  readonly cases: readonly BenchCase[];
  readonly rows: readonly Row[];
  readonly ceilings: readonly string[];
}

export function benchmarksPage(contents: PageContents): string {
  const { surroundings, generator, seconds, pairs, cases, rows, ceilings } = contents;
  const list = (lines: readonly string[]) => lines.map((line) => `- ${line}`).join('\n');
  return `# Benchmarks

Written by \`npm run bench\`; changes by hand are lost. \`bench/README.md\` says how to run it.

- Date: ${surroundings.date}
- Commit: ${surroundings.commit}
- Machine: ${surroundings.machine}
- Versions: ${surroundings.versions}
- Load generator: ${generator}
- Runs: ${pairs} pairs of ${seconds} s a side

## Results

${markdownTable(rows)}

## How to read it

${howToRead}

## Cases

${list(cases.map(({ name, title, base }) => `**${name}**: ${title}. Base: ${base.name}.`))}

## The generator's own ceiling

Where it is near the base's figure, the generator and not the server was measured.

${ceilings.length === 0 ? 'Not known on this system.' : list(ceilings)}
`;
}

const howToRead = `Ours and the base run on the machine at the same time and are put under load in turn, a pair after another, because
the speed of a machine changes by more than what is to be seen. A value is the median of its runs, with the least and
the greatest in brackets. A ratio is taken pair by pair, then the median of those; it is turned so that above 1 speaks
for ours. Absolute values mean little on another machine, ratios a good deal more. A bar is the least ratio that is good
enough; figures without one are reported only.

\`cpu_us_per_request\` is the CPU time of the server's process, all threads, by the kernel's accounting: the figure that
other work on the machine disturbs least. The load generator is a process of its own but shares the cores, so
\`requests_per_second\` counts what server and generator do together. Replies are checked: a wrong one ends the case and
fails the bench. The base is a grpc-js server that sends the same request back without looking at it: what the
transport costs before any serving is done. It does without threads, while ours runs models in threads of their own.`;
