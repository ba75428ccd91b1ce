/** Runs a case: both sides up, warmed, then measured in alternating pairs. Only one side is under load at a time. */
import type { Bench, BenchCase, Measurement, RunningSide } from '../case.ts';

export interface CaseResult {
  readonly benchCase: BenchCase;
  /** Run i of the one belongs to run i of the other. */
  readonly ours: readonly Measurement[];
  readonly base: readonly Measurement[];
}

export async function runCase(
  bench: Bench,
  benchCase: BenchCase,
  pairs: number,
  say: (text: string) => void,
): Promise<CaseResult> {
  const running: RunningSide[] = [];
  try {
    for (const side of [benchCase.ours, benchCase.base]) {
      say(`${benchCase.name}: warming up ${side.name}`);
      const started = await side.start(bench);
      running.push(started);
      await started.warmUp();
    }
    const [ours, base] = running as [RunningSide, RunningSide];
    return {
      benchCase,
      ...(await measurePairs(ours, base, pairs, (text) => say(`${benchCase.name}: ${text}`))),
    };
  } finally {
    await Promise.all(running.map((side) => side.stop()));
  }
}

async function measurePairs(
  ours: RunningSide,
  base: RunningSide,
  pairs: number,
  say: (text: string) => void,
) {
  const results = { ours: [] as Measurement[], base: [] as Measurement[] };
  for (let pair = 0; pair < pairs; pair++) {
    // Who goes first changes too, so that a machine that gets slower or faster favours neither.
    const isOursFirst = pair % 2 === 0;
    if (isOursFirst) results.ours.push(await ours.measure());
    results.base.push(await base.measure());
    if (!isOursFirst) results.ours.push(await ours.measure());
    say(
      `pair ${pair + 1} of ${pairs}: ours ${shown(results.ours[pair]!)} | base ${shown(results.base[pair]!)}`,
    );
  }
  return results;
}

function shown(measurement: Measurement): string {
  return Object.entries(measurement)
    .filter(([name]) => !name.startsWith('generator_'))
    .map(([name, value]) => `${name} ${value === undefined ? 'n/a' : Math.round(value * 10) / 10}`)
    .join(', ');
}
