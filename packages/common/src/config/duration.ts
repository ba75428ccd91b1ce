/** `250ms`, `30s`, `5m`, `1h` ⇄ milliseconds. */

const units: Readonly<Record<string, number>> = { ms: 1, s: 1000, m: 60_000, h: 3_600_000 };

/** Whole milliseconds: peers and timers know no fractions. @throws Error whose message says what was expected */
export function parseDuration(given: string): number {
  const match = /^(\d+(?:\.\d+)?)(ms|s|m|h)$/.exec(given);
  const milliseconds = match === null ? Infinity : Number(match[1]) * units[match[2]!]!;
  if (milliseconds === Infinity) throw new Error('a number with a unit, ms, s, m or h, such as 250ms or 30s');
  return Math.round(milliseconds);
}

/** In the largest unit that needs no fraction. */
export function formatDuration(milliseconds: number): string {
  const [unit, size] = Object.entries(units).findLast(([, ms]) => milliseconds % ms === 0)!;
  return `${milliseconds / size}${unit}`;
}
