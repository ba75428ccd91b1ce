// Checks the metrics of the server, and what the docs ask of them, with Prometheus' own promtool.
import { spawnSync } from 'node:child_process';
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { parseArgs } from 'node:util';

const { values: options } = parseArgs({
  options: { name: { type: 'string' }, address: { type: 'string' }, program: { type: 'string' } },
});
const docs = join(import.meta.dirname, '..', '..', '..', 'docs');
const page = readFileSync(join(docs, 'metrics.md'), 'utf8');
const dashboard = JSON.parse(readFileSync(join(docs, 'dashboards', 'serving.json'), 'utf8'));
/** What promtool ends with when it can read metrics and complains of their names or texts. */
const COMPLAINTS = 3;

const folder = mkdtempSync(join(tmpdir(), 'serving-promtool-'));
process.once('exit', () => rmSync(folder, { recursive: true, force: true }));

function promtool(args, input = '') {
  const { status, stdout, stderr, error } = spawnSync(options.program, args, {
    encoding: 'utf8',
    input,
  });
  return { status, said: error?.message ?? `${stdout}${stderr}`.trim() };
}

/** What is wrong; undefined when nothing is. */
async function metricsProblem() {
  const response = await fetch(`http://${options.address}/metrics`);
  const text = await response.text();
  if (!/^serving_requests_total\{.*\} [1-9]/m.test(text)) return 'no request was counted';
  const { status, said } = promtool(['check', 'metrics'], text);
  if (status !== 0 && status !== COMPLAINTS) return said;
  const complaints = said.split('\n').filter((line) => line !== '' && !line.startsWith('nv_'));
  return complaints.length === 0 ? undefined : complaints.join('\n');
}

function problemOf(what, name, content) {
  const file = join(folder, name);
  writeFileSync(file, content);
  const { status, said } = promtool(['check', what, file]);
  return status === 0 ? undefined : said;
}

function rulesProblem(name, expressions) {
  if (expressions.length === 0) return 'there are none';
  const rules = expressions.map((expr, index) => ({ record: `serving:checked:${index}`, expr }));
  // JSON is YAML, too.
  return problemOf('rules', name, JSON.stringify({ groups: [{ name: 'checked', rules }] }));
}

function blocks(language) {
  return [...page.matchAll(new RegExp(`\`\`\`${language}\\n([\\s\\S]*?)\`\`\``, 'g'))].map(
    ([, body]) => body,
  );
}

const expressions = dashboard.panels
  .flatMap(({ targets = [] }) => targets)
  .map(({ expr }) => expr.replaceAll('$__rate_interval', '5m').replace(/\$\w+/g, '.*'));

const checks = {
  'no complaint about the metrics but on nv_*': metricsProblem,
  'the queries of docs/metrics.md are PromQL': () => rulesProblem('page.yaml', blocks('promql')),
  'the expressions of the dashboard are PromQL': () => rulesProblem('dashboard.yaml', expressions),
  'the configuration in docs/metrics.md is one': () =>
    problemOf('config', 'prometheus.yaml', blocks('yaml').join('')),
};

let failed = 0;
for (const [what, find] of Object.entries(checks)) {
  const problem = await find();
  if (problem !== undefined) failed++;
  console.log(problem === undefined ? `  pass ${what}` : `  FAIL ${what}\n${problem}`);
}
console.log(`client=${options.name} passed=${Object.keys(checks).length - failed} failed=${failed}`);
