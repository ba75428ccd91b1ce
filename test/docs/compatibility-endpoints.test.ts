/** docs/compatibility-protocols.md has every path of the HTTP port, and what it says of each is what a request gives. */
import { readFileSync } from 'node:fs';
import { beforeAll, expect, test } from '@jest/globals';
import { parse } from 'yaml';
import { httpFrontEnds, type HttpFrontEndSettings } from '../../packages/master/dist/frontend/front-ends.js';
import { exchange } from '../support/http-exchange.js';
import { startMaster } from '../support/processes.js';
import { known, rowsOf, said, statusIn } from './protocol-tables.js';

interface KnownRequest {
  readonly body?: unknown;
  /** At least this is in the reply. */
  readonly reply?: unknown;
  /** A body that asks for what is not there, of a path that differs. */
  readonly change?: unknown;
}

const x = [
  [1, 2],
  [3, 4],
];
const tensor = (name: string) => ({ name, datatype: 'FP32', shape: [1, 2, 2], data: [x] });
const infer = { inputs: [tensor('x1'), tensor('x2')] };
const columns = { inputs: { x1: [x], x2: [x] } };
const instances = { instances: [{ x1: [[1.5, 2.5]], x2: [[1.5, 2.5]] }] };
const predict = {
  // A float is one that has a point.
  body: '{"instances":{"x1":[[1.5,2.5],[3.5,4.5]],"x2":[[1.5,2.5],[3.5,4.5]]}}',
  reply: {
    instances: [
      {
        y: [
          [3, 5],
          [7, 9],
        ],
      },
    ],
  },
};
const state = { model_version_status: [{ version: '1', state: 'AVAILABLE' }] };
const models = expect.arrayContaining([expect.objectContaining({ name: 'add-batch', state: 'READY' })]);
const stats = { model_stats: expect.arrayContaining([expect.objectContaining({ version: '1' })]) };
const trace = { trace_level: ['OFF'] };

const requests: Readonly<Record<string, KnownRequest>> = {
  'GET /livez': { reply: { live: true } },
  'GET /readyz': { reply: { ready: true } },
  'GET /readyz/<model>': { reply: { ready: true } },
  'GET /metrics': { reply: 'nv_inference_request_success' },
  'GET /v2': { reply: { name: 'serving' } },
  'GET /v2/health/live': { reply: { live: true } },
  'GET /v2/health/ready': { reply: { ready: true } },
  'GET /v2/models/<model>[/versions/<version>]': { reply: { name: 'add-batch', versions: ['1'] } },
  'GET /v2/models/<model>[/versions/<version>]/ready': { reply: { ready: true } },
  'GET /v2/models/<model>[/versions/<version>]/config': { reply: { name: 'add-batch' } },
  'GET /v2/models/<model>[/versions/<version>]/stats': { reply: stats },
  'GET /v2/models/stats': { reply: stats },
  'POST /v2/models/<model>[/versions/<version>]/infer': {
    body: infer,
    reply: { outputs: [{ data: [2, 4, 6, 8] }] },
  },
  'POST /v2/models/<model>[/versions/<version>]/generate': { body: { text_input: 'a' } },
  'POST /v2/models/<model>[/versions/<version>]/generate_stream': { body: { text_input: 'a' } },
  'POST /v2/repository[/<repository>]/index': { body: { ready: true }, reply: models },
  'POST /v2/repository[/<repository>]/models/<model>/load': {},
  'POST /v2/repository[/<repository>]/models/<model>/unload': {
    body: { parameters: { unload_dependents: true } },
  },
  'GET /v2/logging': { reply: { log_info: true } },
  'POST /v2/logging': {
    body: { log_info: null },
    reply: { log_info: true },
    change: { log_info: false },
  },
  'GET /v2/trace/setting': { reply: trace },
  'POST /v2/trace/setting': {
    body: { trace_rate: null },
    reply: trace,
    change: { trace_rate: '1' },
  },
  'GET /v2/models/<model>/trace/setting': { reply: trace },
  'POST /v2/models/<model>/trace/setting': {
    body: { trace_rate: null },
    reply: trace,
    change: { trace_level: ['TIMESTAMPS'] },
  },
  'GET /v2/systemsharedmemory[/region/<region>]/status': {},
  'POST /v2/systemsharedmemory[/region/<region>]/register': {
    body: { key: '/r', offset: 0, byte_size: 16 },
  },
  'POST /v2/systemsharedmemory[/region/<region>]/unregister': {},
  'GET /v2/cudasharedmemory[/region/<region>]/status': {},
  'POST /v2/cudasharedmemory[/region/<region>]/register': {
    body: { raw_handle: { b64: 'AA==' }, device_id: 0, byte_size: 16 },
  },
  'POST /v2/cudasharedmemory[/region/<region>]/unregister': {},
  'GET /v2/…': {},
  'POST /v2/…': {},
  'POST /v1/models/<model>[/versions/<version>]:predict': {
    body: columns,
    reply: {
      outputs: [
        [
          [2, 4],
          [6, 8],
        ],
      ],
    },
  },
  'GET /v1/models/<model>[/versions/<version>]': { reply: state },
  'GET /v1/models/<model>[/versions/<version>]/metadata': {
    reply: { model_spec: { name: 'add-batch', version: '1' } },
  },
  'POST /v1/models/<model>[/versions/<version>]:classify': { body: { examples: [{ x: 1 }] } },
  'POST /v1/models/<model>[/versions/<version>]:regress': { body: { examples: [{ x: 1 }] } },
  'GET /v1/models/<model>/labels/…': {},
  'POST /v1/models/<model>/labels/…': { body: columns },
  'GET /v1': {},
  'POST /v1': {},
  'GET /v1/…': {},
  'POST /v1/…': {},
  'POST /model/<servable>[/version/<version>]:<method>': predict,
  'POST /version/<version>/model/<servable>:<method>': predict,
  'GET /…': {},
  'POST /…': { body: instances },
};

let address: string;
beforeAll(async () => {
  const options =
    '--servable add,add-batch --directory examples/add --executors 1 --rest 0 --rest-status-codes';
  address = (await startMaster(options.split(' '))).rest;
});

const examples: Readonly<Record<string, string>> = {
  model: 'add-batch',
  servable: 'add-batch',
  method: 'add_common',
  version: '1',
};

/** `[…]` left out, and there. */
function expanded(row: string): string[] {
  return [...new Set([row.replaceAll(/\[.*?\]/g, ''), row.replaceAll(/[[\]]/g, '')])];
}

/** A verb and a path that can be asked for. */
function requestLine(template: string): [verb: string, path: string] {
  const filled = template
    .replaceAll(/<(\w+)>/g, (_, name: string) => examples[name] ?? 'any')
    .replace('…', 'anything');
  return filled.split(' ') as [string, string];
}

async function ask(template: string, body: unknown) {
  const text = body === undefined ? '' : typeof body === 'string' ? body : JSON.stringify(body);
  const { status, ...reply } = await exchange(address, ...requestLine(template), { body: Buffer.from(text) });
  return { status: String(status), text: reply.body.toString('utf8') };
}

const rows = rowsOf('endpoints').flatMap(([row, cell, text]) =>
  expanded(row!).map((template) => ({ template, row: row!, cell: cell!, text: text! })),
);
const listed = rows.map(({ template }) => template);

test.each(rows)('$template: $cell', async ({ template, row, cell, text }) => {
  const { body, reply, change } = known(requests, row);
  const { outcome, ...refused } = said(cell);
  const answer = await ask(template, body);
  if ('status' in refused) {
    expect(answer.status).toBe(refused.status);
    expect(JSON.parse(answer.text)).toEqual({
      [row.endsWith(' /…') ? 'error_msg' : 'error']: expect.any(String),
    });
    return;
  }
  expect(answer.status).toBe('200');
  if (typeof reply === 'string') expect(answer.text).toContain(reply);
  else expect({ reply: JSON.parse(answer.text) as unknown }).toMatchObject({ reply });
  if (outcome === 'differs') expect((await ask(template, change)).status).toBe(statusIn(text));
  else expect(outcome).toBe('supported');
});

/** A path as the router has it, in the form of the table. */
function templateOf(path: string): string {
  return path
    .replace(/^\*$/, '/*')
    .replaceAll(/\([^)]*\)/g, '')
    .replaceAll(/(?<!:):(\w+)/g, '<$1>')
    .replace('::', ':')
    .replace(/\*$/, '…');
}

// Routes are made, and none is called.
const { routes, fallback } = httpFrontEnds({
  stopping: new AbortController().signal,
} as HttpFrontEndSettings);
const served = [...routes, fallback].map(({ path, handlers }) => ({
  template: templateOf(path),
  verbs: Object.keys(handlers),
}));

test('every path that the HTTP port has a route for has a row, and no row is given twice', () => {
  const endpoints = served.flatMap(({ template, verbs }) => verbs.map((verb) => `${verb} ${template}`));
  expect(endpoints.length).toBeGreaterThan(40);
  expect(endpoints.filter((endpoint) => !listed.includes(endpoint))).toEqual([]);
  expect(listed).toHaveLength(new Set(listed).size);
});

test.each(served)('another verb is refused at $template', async ({ template, verbs }) => {
  const [, path] = requestLine(`PUT ${template}`);
  const { status, headers } = await exchange(address, 'PUT', path);
  expect(status).toBe(405);
  expect(headers['allow']?.split(', ')).toEqual(expect.arrayContaining(verbs));
});

test('openapi.yaml has the paths of the table, but for those that nothing is at', () => {
  const { paths } = parse(readFileSync('docs/openapi.yaml', 'utf8')) as {
    paths: Readonly<Record<string, Readonly<Record<string, unknown>>>>;
  };
  const described = Object.entries(paths).flatMap(([path, verbs]) =>
    ['get', 'post']
      .filter((verb) => verb in verbs)
      .map(
        (verb) => `${verb.toUpperCase()} ${path.replaceAll(/\{(\w+)\}/g, '<$1>').replace('<below>', '…')}`,
      ),
  );
  const inTable = rows.filter(({ cell }) => !['refused (404)', 'refused (405)'].includes(cell));
  expect(described.toSorted()).toEqual(inTable.map(({ template }) => template).toSorted());
});
