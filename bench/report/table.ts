/** Rows as a table of text or markdown. */
import { median, type Row } from '../harness/row.ts';

const heads = ['Case', 'Figure', 'Ours', 'Base', 'Ratio', 'Bar', ''];

/** Cells of the table, its head first. */
function cells(rows: readonly Row[]): string[][] {
  return [heads, ...rows.map((row) => [row.case, ...cellsOf(row)])];
}

function cellsOf(row: Row): string[] {
  const { figure, unit, ours, base, ratio_median: ratio, bar, ok } = row;
  const verdict = bar === null ? 'reported' : ok ? 'ok' : 'MISSED';
  return [
    figure,
    medianAndSpread(ours, unit),
    medianAndSpread(base, unit),
    ratio === null ? 'n/a' : ratio.toFixed(2),
    barOf(row),
    verdict,
  ];
}

function barOf({ bar, bar_of: of, unit }: Row): string {
  if (of === null || bar === null) return '–';
  if (of === 'ratio') return `≥ ${bar.toPrecision(3)}`;
  return of === 'ours' ? `≤ ${bar} ${unit}` : `≤ base + ${bar} ${unit}`;
}

/** The median and how far the runs lie apart. */
function medianAndSpread(values: readonly number[], unit: string): string {
  const middle = median(values);
  if (middle === undefined) return 'n/a';
  return `${shortened(middle)} ${unit} (${shortened(Math.min(...values))}–${shortened(Math.max(...values))})`;
}

function shortened(value: number): string {
  return value >= 100 ? String(Math.round(value)) : value.toPrecision(3);
}

export function textTable(rows: readonly Row[]): string {
  const table = cells(rows);
  const widths = heads.map((_, column) => Math.max(...table.map((line) => line[column]!.length)));
  return table
    .map((line) =>
      line
        .map((cell, column) => cell.padEnd(widths[column]!))
        .join('  ')
        .trimEnd(),
    )
    .join('\n');
}

export function markdownTable(rows: readonly Row[]): string {
  const [head, ...lines] = cells(rows).map((line) => `| ${line.join(' | ')} |`);
  return [head, `|${' --- |'.repeat(heads.length)}`, ...lines].join('\n');
}
