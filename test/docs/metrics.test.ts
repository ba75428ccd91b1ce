/** docs/metrics.md lists what a scrape of a cluster that has worked really holds; its queries and dashboard ask for that. */
import { execFileSync } from 'node:child_process';
import { readFileSync } from 'node:fs';
import { beforeAll, expect, test } from '@jest/globals';
import { readTable } from '../../scripts/doc-tables.ts';
import { eventually } from '../support/eventually.js';
import { Exposition } from '../support/exposition.js';
import { startMaster, startWorker, type Master } from '../support/processes.js';
import { functionServable, servables } from '../support/servables.js';

const page = readFileSync('docs/metrics.md', 'utf8');
const tables = ['requests', 'queues', 'cluster', 'triton', 'process'];
const rows = tables.flatMap((name) => readTable(page, name).slice(1));
const types = new Map(rows.map(([name, type]) => [bare(name!), type!]));

function bare(cell: string): string {
  return cell.replaceAll('`', '');
}

let master: Master;
let scraped: Exposition;
beforeAll(async () => {
  const directory = servables({
    s: functionServable(`registerMethod('m', { inputs: ['x'], outputs: ['y'] }, (x) => x);`),
  });
  master = await startMaster(['--master', '127.0.0.1:0', '--rest', '127.0.0.1:0']);
  await startWorker(master, ['--servable', 's', '--directory', directory]);
  const client = master.client('s', 'm');
  const url = `http://${master.rest}/metrics`;
  scraped = await eventually('there is a series of everything', async () => {
    await client.infer([{ x: 1 }, { x: 2 }]);
    const next = new Exposition(await (await fetch(url)).text());
    // A collection of garbage has to happen, and comes with the requests.
    return [...next.families.values()].every(({ samples }) => samples.length > 0) && next;
  });
});

test('the tables have the names, types, labels and texts of the scrape, and nothing else', () => {
  const given = [...scraped.families].map(([name, { type, help }]) => ({
    name,
    type,
    labels: [...scraped.labelsOf(name)].toSorted(),
    help,
  }));
  const told = rows.map(([name, type, labels, , help]) => ({
    name: bare(name!),
    type,
    labels: [...labels!.matchAll(/`(\w+)`/g)].map(([, label]) => label!).toSorted(),
    help,
  }));
  expect(told).toEqual(given);
});

test('units are what the names say, in base units but for those of Triton', () => {
  for (const [cell, , , unit] of rows) {
    const name = bare(cell!).replace(/_total$/, '');
    if (unit === 'microseconds') expect(name).toMatch(/^nv_.*_us$/);
    else if (/_(seconds|bytes)$/.test(name)) expect(name.endsWith(`_${unit}`)).toBe(true);
    else expect(unit).not.toMatch(/seconds|bytes/);
  }
});

test('what it shows to ask by gives the metrics, in the format that Prometheus is told of', async () => {
  const [command] = /^curl .*$/m.exec(page)!;
  const runnable = command.replace('localhost:1500', master.rest);
  const text = execFileSync('bash', ['-c', `${runnable} --write-out '%{content_type}'`], {
    encoding: 'utf8',
  });
  const end = text.lastIndexOf('\n') + 1;
  expect(text.slice(end)).toBe('text/plain; version=0.0.4; charset=utf-8');
  expect(new Exposition(text.slice(0, end)).families.size).toBe(rows.length);
});

/** Series that an expression asks for, with the labels that it names beside them. */
function asked(expression: string): [name: string, labels: string[]][] {
  const plain = expression.replace(/\[[^\]]*\]/g, '');
  return [...plain.matchAll(/\b((?:serving|nv|process|nodejs)_\w+)(?:\{([^}]*)\})?/g)].map(
    ([, name, selector = '']) => [
      name!,
      [...selector.matchAll(/(\w+)\s*(?:=|!)/g)].map(([, label]) => label!),
    ],
  );
}

/** Labels that Prometheus adds to what it scrapes. */
const added = ['job', 'instance'];

function expectToExist(expression: string): void {
  const series = asked(expression);
  expect([expression, series.length]).not.toEqual([expression, 0]);
  const labelsOfAll = new Set([...added, 'le']);
  for (const [name, labels] of series) {
    const [, family] = /^(.*?)(?:_(?:bucket|sum|count))?$/.exec(name)!;
    const isHistogram = types.get(family!) === 'histogram';
    // A histogram is asked for by one of its three, another metric by its own name.
    const metric = isHistogram && family !== name ? family! : name;
    expect([name, types.has(metric), types.get(metric) === 'histogram']).toEqual([
      name,
      true,
      metric !== name,
    ]);
    const known = scraped.labelsOf(metric);
    for (const label of labels)
      expect([name, [...known, ...added]]).toEqual([name, expect.arrayContaining([label])]);
    for (const label of known) labelsOfAll.add(label);
  }
  for (const [, list] of expression.matchAll(/\b(?:by|without|on)\s*\(([^)]*)\)/g))
    for (const label of list!.split(',')) expect([...labelsOfAll]).toContain(label.trim());
}

const queries = [...page.matchAll(/```promql\n([\s\S]*?)```/g)].map(([, query]) => query!.trim());

test('it has queries', () => {
  expect(queries.length).toBeGreaterThan(10);
});

test.each(queries)('a query asks for what there is: %s', (query) => {
  expectToExist(query);
});

interface Panel {
  readonly id: number;
  readonly type: string;
  readonly title: string;
  readonly gridPos: Readonly<Record<'x' | 'y' | 'w' | 'h', number>>;
  readonly targets?: readonly { readonly expr: string; readonly legendFormat: string }[];
}

interface Dashboard {
  readonly panels: readonly Panel[];
  readonly templating: {
    readonly list: readonly { readonly name: string; readonly query: string | { query: string } }[];
  };
}

const dashboard = JSON.parse(readFileSync('docs/dashboards/serving.json', 'utf8')) as Dashboard;
const charts = dashboard.panels.filter(({ type }) => type !== 'row');

test.each(charts.map((panel) => [panel.title, panel] as const))(
  'the panel %s asks for what there is',
  (_, panel) => {
    expect(panel.targets!.length).toBeGreaterThan(0);
    for (const { expr } of panel.targets!) expectToExist(expr);
  },
);

test('variables of the dashboard are filled from what there is, and all that are used are there', () => {
  const { list } = dashboard.templating;
  for (const { query } of list) if (typeof query !== 'string') expectToExist(query.query);
  const used = new Set(
    [...JSON.stringify(dashboard.panels).matchAll(/\$\{?(\w+)/g)].map(([, name]) => name!),
  );
  used.delete('__rate_interval');
  expect([...used].toSorted()).toEqual(list.map(({ name }) => name).toSorted());
});

test('panels of the dashboard have ids and places of their own', () => {
  expect(new Set(dashboard.panels.map(({ id }) => id)).size).toBe(dashboard.panels.length);
  const cells = dashboard.panels.flatMap(({ gridPos: { x, y, w, h } }) =>
    Array.from({ length: w * h }, (_, cell) => `${x + (cell % w)},${y + Math.floor(cell / w)}`),
  );
  expect(new Set(cells).size).toBe(cells.length);
  for (const { gridPos } of dashboard.panels) expect(gridPos.x + gridPos.w).toBeLessThanOrEqual(24);
});
