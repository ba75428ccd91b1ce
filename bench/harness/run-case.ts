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
      ...(await measurePairs({ ours, base }, pairs, (pair, measured) => {
        const shown = (side: Measurement) => figuresOf(benchCase, side);
        const { name } = benchCase;
        say(`${name}: pair ${pair} of ${pairs}: ours ${shown(measured.ours)} | base ${shown(measured.base)}`);
      })),
    };
  } finally {
    await Promise.all(running.map((side) => side.stop()));
  }
}

async function measurePairs(
  { ours, base }: Record<'ours' | 'base', RunningSide>,
  pairs: number,
  onPair: (pair: number, measured: Record<'ours' | 'base', Measurement>) => void,
) {
  const results = { ours: [] as Measurement[], base: [] as Measurement[] };
  for (let pair = 0; pair < pairs; pair++) {
    // Who goes first changes too, so that a machine that gets slower or faster favours neither.
    const isOursFirst = pair % 2 === 0;
    if (isOursFirst) results.ours.push(await ours.measure());
    results.base.push(await base.measure());
    if (!isOursFirst) results.ours.push(await ours.measure());
    onPair(pair + 1, { ours: results.ours[pair]!, base: results.base[pair]! });
  }
  return results;
}

function figuresOf({ figures }: BenchCase, measurement: Measurement): string {
  return figures
    .map(({ name }) => [name, measurement[name]] as const)
    .map(([name, value]) => `${name} ${value === undefined ? 'n/a' : Math.round(value * 10) / 10}`)
    .join(', ');
}
