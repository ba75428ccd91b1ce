/** How much load the generator could make if servers took none of the machine: what a figure can at most be. */
import { median, valuesOf } from './row.ts';
import type { CaseResult } from './run-case.ts';

/** One sentence, or undefined for a case without a load generator or a system without process accounting. */
export function ceilingOf({ benchCase, base }: CaseResult): string | undefined {
  const cpu = median(valuesOf(base, 'generator_cpu_us_per_request'));
  const rate = median(valuesOf(base, 'requests_per_second'));
  if (cpu === undefined || rate === undefined) return undefined;
  const busy = Math.round((cpu * rate) / 1e4);
  return `${benchCase.name}: against the ${benchCase.base.name} the generator made ${Math.round(rate)} requests/s at ${cpu.toFixed(1)} µs of CPU time each; it was ${busy} % busy, so its own ceiling is about ${Math.round(1e6 / cpu)} requests/s`;
}
