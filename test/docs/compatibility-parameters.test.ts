/**
 * docs/compatibility-protocols.md: what it says of extensions is what the server says, and what it says of parameters,
 * headers and members is what a request with them gives: what is ignored changes nothing, what is refused is refused with
 * the status, and what is supported does what it is for.
 */
import { beforeAll, describe, expect, test } from '@jest/globals';
import { startMaster } from '../support/processes.js';
import { functionServable, servables } from '../support/servables.js';
import {
  binaryReply,
  inflatedReply,
  overGrpc,
  overHttp,
  responsesTo,
  streamEnd,
  type Answer,
  type Elements,
  type Given,
  type Transport,
} from './inference-transports.js';
import { memberRequests } from './member-requests.js';
import { known, rowsOf, said, statusIn } from './protocol-tables.js';

const raw = new Uint8Array(Float32Array.of(1, 5, 3).buffer);
/** Of `echo` a batch of one; of `kind` a text whose type the method tells. */
const elements = (model: string): Elements =>
  model === 'kind'
    ? { datatype: 'BYTES', shape: [1], raw: Buffer.from('\u0001\0\0\0a'), data: ['a'] }
    : { datatype: 'FP32', shape: [1, 3], raw, data: [1, 5, 3] };

let grpc: string;
let http: string;
let transports: readonly [Transport, Transport];
beforeAll(async () => {
  const directory = servables({
    echo: functionServable(`
      registerMethod('m', { inputs: { x: { dtype: 'float32', shape: [3] } }, outputs: ['y'] }, ({ x }) =>
        addStage((rows) => rows.map(([one]) => one), [x], { batchSize: 4 }));
    `),
    many: functionServable(`
      registerMethod('m', { inputs: [], outputs: ['y'], streaming: true }, () =>
        addStage(function* () { yield 1; yield 2; }, []));
    `),
    kind: functionServable(`
      registerMethod('m', { inputs: ['x'], outputs: ['y'] }, (x) => addStage((one) => typeof one, [x]));
    `),
  });
  const options = [
    '--servable',
    'echo,kind,many',
    '--directory',
    directory,
    '--executors',
    '1',
    '--rest',
    '0',
  ];
  const master = await startMaster([...options, '--rest-status-codes']);
  [grpc, http] = [master.address, master.rest];
  transports = [overGrpc(grpc, elements), overHttp(http, elements)];
});

test('extensions are in the order of Triton, and those that are said to be supported are what the server says', async () => {
  const rows = rowsOf('extensions');
  expect(rows.map(([extension]) => extension)).toEqual(tritonExtensions);
  for (const [column, transport] of transports.entries()) {
    const cells = rows.map((row) => [row[0], said(row[column + 1]!).outcome]);
    const supported = cells.filter(([, outcome]) => outcome === 'supported').map(([extension]) => extension);
    expect(new Set(await transport.extensions())).toEqual(new Set(supported));
  }
});

const tritonExtensions = [
  'classification',
  'sequence',
  'model_repository',
  'model_repository(unload_dependents)',
  'schedule_policy',
  'model_configuration',
  'system_shared_memory',
  'cuda_shared_memory',
  'binary_tensor_data',
  'parameters',
  'statistics',
  'trace',
  'logging',
];

interface KnownParameter {
  readonly given: Given;
  /** Expects what it is for, where it is supported. @param answer to the request with it */
  readonly effect?: (transport: Transport, answer: Answer) => unknown;
}

const unknown = { unknown: 'a', triton_unknown: true };
const region = { shared_memory_region: 'r' };
const isBinary = (_: Transport, { text }: Answer) => expect(text).toContain('"binary_data_size":12');

/** A value that makes no sense is refused by its name, so others are looked at. */
function isRead(name: string, given: Given) {
  return async ({ statuses: [ok, wrong], infer }: Transport, { status }: Answer) => {
    expect(status).toBe(ok);
    expect(await infer(given)).toEqual({ status: wrong, text: expect.stringContaining(name) });
  };
}

const parameters: Readonly<Record<string, KnownParameter>> = {
  'priority of request': {
    given: { request: { priority: 1 } },
    effect: isRead('priority', { request: { priority: 2002 } }),
  },
  'timeout of request': {
    given: { request: { timeout: 1 } },
    effect: ({ statuses: [, , late] }, { status }) => expect(status).toBe(late),
  },
  'sequence_id of request': { given: { request: { sequence_id: 7 } } },
  'sequence_start of request': { given: { request: { sequence_id: 7, sequence_start: true } } },
  'sequence_end of request': { given: { request: { sequence_id: 7, sequence_end: true } } },
  'headers of request': { given: { request: { headers: 'a' } } },
  'triton_enable_empty_final_response of request': {
    given: { request: { triton_enable_empty_final_response: true } },
    effect: async () => {
      expect(await responsesTo(grpc, 'many', false)).toBe(2);
      expect(await responsesTo(grpc, 'many', true)).toBe(3);
    },
  },
  'binary_data_output of request': { given: { request: { binary_data_output: true } }, effect: isBinary },
  'any other of request': { given: { request: unknown } },
  'content_type of input': {
    given: { model: 'kind', input: { content_type: 'str' } },
    effect: async ({ infer }, { text }) => {
      expect(text).toContain('string');
      expect((await infer({ model: 'kind' })).text).toContain('object');
    },
  },
  'binary_data_size of input': { given: { input: { binary_data_size: 12 } }, effect: takesBinary },
  'shared_memory_region of input': { given: { input: region, isElsewhere: true } },
  'shared_memory_offset of input': { given: { input: { shared_memory_offset: 8 } } },
  'shared_memory_byte_size of input': { given: { input: { shared_memory_byte_size: 12 } } },
  'any other of input': { given: { input: unknown } },
  'classification of output': {
    given: { output: { classification: 1 } },
    effect: (_, { text }) => {
      expect(text).toContain('BYTES');
      expect(text).toContain('5.000000:1');
    },
  },
  'binary_data of output': { given: { output: { binary_data: true } }, effect: isBinary },
  'shared_memory_region of output': { given: { output: region } },
  'shared_memory_offset of output': { given: { output: { shared_memory_offset: 8 } } },
  'shared_memory_byte_size of output': { given: { output: { shared_memory_byte_size: 12 } } },
  'any other of output': { given: { output: unknown } },
};

async function takesBinary(): Promise<void> {
  expect(await binaryReply(http, raw)).toMatchObject({ outputs: [{ data: [1, 5, 3] }] });
}

/** Answers that are small are not compressed. */
async function takesGzip(): Promise<void> {
  const data = Array.from({ length: 3000 }, () => 7);
  expect(await inflatedReply(http, [1000, 3], data)).toMatchObject({ outputs: [{ data }] });
}

const headers: Readonly<Record<string, KnownParameter>> = {
  'serving-priority': {
    given: { headers: { 'serving-priority': '5' } },
    effect: isRead('serving-priority', { headers: { 'serving-priority': 'first' } }),
  },
  triton_grpc_error: {
    given: { headers: { triton_grpc_error: 'true' } },
    effect: async () => {
      expect(await streamEnd(grpc, {})).toBe('OK');
      expect(await streamEnd(grpc, { triton_grpc_error: 'true' })).toBe('NOT_FOUND');
    },
  },
  'grpc-timeout': {
    given: { headers: { 'grpc-timeout': '1u' } },
    effect: ({ statuses: [, , late] }, { status }) => expect(status).toBe(late),
  },
  'Inference-Header-Content-Length': {
    given: { headers: { 'inference-header-content-length': '5' } },
    effect: takesBinary,
  },
  'Content-Encoding': {
    given: { headers: { 'content-encoding': 'gzip' } },
    effect: async (_, answer) => {
      expect(answer).toEqual({ status: '400', text: expect.stringContaining('expected gzip') });
      await takesGzip();
    },
  },
  'Accept-Encoding': { given: { headers: { 'accept-encoding': 'gzip' } }, effect: takesGzip },
  traceparent: {
    given: { headers: { traceparent: '00-0af7651916cd43dd8448eb211c80319c-b7ad6b7169203331-01' } },
  },
  'endpoint-load-metrics-format': { given: { headers: { 'endpoint-load-metrics-format': 'text' } } },
};

async function expectSaid(cell: string, { given, effect }: KnownParameter, transport: Transport) {
  const row = said(cell);
  const answer = await transport.infer(given);
  if (row.outcome === 'refused') {
    expect(answer.status).toBe(row.status);
  } else if (row.outcome === 'ignored') {
    expect(answer.status).toBe(transport.statuses[0]);
    expect(answer).toEqual(await transport.infer({}));
  } else {
    expect(row.outcome).toBe('supported');
    if (effect === undefined) throw new Error('no effect is known of what is said to be supported');
    await effect(transport, answer);
  }
}

const rows = [
  ...rowsOf('parameters').map(([parameter, of, ...cells]) => {
    const row = `${parameter} of ${of}`;
    return { row, cells, entry: () => known(parameters, row) };
  }),
  ...rowsOf('headers').map(([header, ...cells]) => {
    const row = header!;
    return { row, cells, entry: () => known(headers, row) };
  }),
];

describe.each([
  ['gRPC', 0],
  ['HTTP', 1],
] as const)('over %s', (_, column) => {
  test.each(rows)('$row', ({ cells, entry }) => expectSaid(cells[column]!, entry(), transports[column]));
});

test.each(rowsOf('members'))('%s of %s: %s', async (member, of, cell, text) => {
  const { sent, without, shows } = known(memberRequests, `${member} of ${of}`);
  const row = said(cell);
  const answer = await sent({ grpc, http });
  if (row.outcome === 'refused') {
    expect(answer.status).toBe(row.status);
  } else if (row.outcome === 'differs') {
    expect(answer.status).toBe(statusIn(text));
  } else if (row.outcome === 'ignored') {
    expect(answer.text).toContain(shows);
    expect(answer).toEqual(await without!({ grpc, http }));
  } else {
    expect(answer.text).toContain(shows);
  }
});

test('every parameter, header and member that the test knows has a row', () => {
  const names = rows.map(({ row }) => row);
  expect([...Object.keys(parameters), ...Object.keys(headers)].toSorted()).toEqual(names.toSorted());
  const members = rowsOf('members').map(([member, of]) => `${member} of ${of}`);
  expect(Object.keys(memberRequests).toSorted()).toEqual(members.toSorted());
});
