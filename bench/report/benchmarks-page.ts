/** docs/benchmarks.md: what was measured, on what, and how to read it. */
import type { BenchCase } from '../case.ts';
import type { Row } from '../harness/row.ts';
import type { Surroundings } from '../system/machine.ts';
import { markdownTable } from './table.ts';

export interface PageContents {
  readonly surroundings: Surroundings;
  readonly generator: string;
  /** Of all cases; undefined when each had its own. */
  readonly seconds: number | undefined;
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
- Runs: ${pairs} pairs; the seconds of a run are listed with the cases

## Results

${markdownTable(rows)}

## How to read it

${howToRead}

## Cases

${list(cases.map((each) => describedCase(each, seconds)))}

## The generator's own ceiling

Where it is near the base's figure, the generator and not the server was measured.

${ceilings.length === 0 ? 'Not known on this system.' : list(ceilings)}
`;
}

function describedCase({ name, title, ours, base, seconds }: BenchCase, given: number | undefined): string {
  return `**${name}** (${given ?? seconds} s): ${title}. Ours: ${ours.name}. Base: ${base.name}.`;
}

const howToRead = `Ours and the base run on the machine at the same time and are put under load in turn, a pair after another, because
the speed of a machine changes by more than what is to be seen. A value is the median of its runs, with the least and
the greatest in brackets. A ratio is taken pair by pair, then the median of those; it is turned so that above 1 speaks
for ours. Absolute values mean little on another machine, ratios a good deal more. A bar is what is good enough: a least
ratio (≥), a most of ours (≤), or what ours may be above the base. Figures without one are reported only.

\`cpu_us_per_request\` and \`cpu_us_per_instance\` are the CPU time of all processes of the side, all threads, by the
kernel's accounting: the figure that other work on the machine disturbs least. \`executor_cpu_us_per_instance\` is that of the
busiest threads, as many as there are executors, without the first of the process, which does the network I/O. The load generator is a process of its own but shares the cores, so
\`requests_per_second\` counts what server and generator do together. Replies are checked: a wrong one ends the case and
fails the bench.

The base of the first cases is a grpc-js server that sends the same request back without looking at it: what the transport
costs before any serving is done. It does without threads, while ours runs models in threads of their own. A direct run is
a process that does nothing but \`session.run\`, over and over on inputs that lie ready, in as many threads as ours has
executors.`;
