/** Large bodies of JSON beside small ones: those are answered meanwhile, whatever protocol they speak. */
import { beforeAll, describe, expect, test } from '@jest/globals';
import { request, type ClientRequest } from 'node:http';
import { Exposition } from '../support/exposition.js';
import { eventually } from '../support/eventually.js';
import { exchange } from '../support/http-exchange.js';
import { startMaster, type Master } from '../support/processes.js';
import { functionServable, servables } from '../support/servables.js';

const directory = servables({
  s: functionServable(`
registerMethod('count', { inputs: ['x'], outputs: ['y'] }, (x) => addStage((v) => v.data?.length ?? 1, [x]));
`),
});
const options = ['--servable', 's', '--directory', directory, '--executors', '1', '--rest', '127.0.0.1:0'];

let master: Master;
beforeAll(async () => {
  master = await startMaster(options);
});

const megabytes = 32;
/** More than are answered while the last of a body comes in, which are one or two, and far fewer than while it is read. */
const several = 5;
const count = (megabytes * 2 ** 20) / 9;
const numbers = `[${Array<string>(Math.floor(count)).fill('12345678').join(',')}]`;
const length = Math.floor(count);

const protocols = [
  {
    name: 'MindSpore Serving',
    path: '/model/s:count',
    large: `{"instances":[{"x":${numbers}}]}`,
    small: '{"instances":[{"x":[1,2]}]}',
  },
  {
    name: 'Open Inference',
    path: '/v2/models/s.count/infer',
    large: `{"inputs":[{"name":"x","datatype":"INT64","shape":[${length}],"data":${numbers}}]}`,
    small: '{"inputs":[{"name":"x","datatype":"INT64","shape":[2],"data":[1,2]}]}',
  },
  {
    name: 'TensorFlow Serving',
    path: '/v1/models/s.count:predict',
    large: `{"inputs":${numbers}}`,
    small: '{"inputs":[1,2]}',
  },
];

/** A request whose body is out when `sent` resolves, though the server need not have it yet. */
function upload(address: string, path: string, body: string) {
  const [host, port] = address.split(':');
  const bytes = Buffer.from(body);
  const headers = { 'content-length': bytes.length };
  let sent!: Promise<void>;
  let sending!: ClientRequest;
  const reply = new Promise<string>((resolve, reject) => {
    sending = request({ host, port, path, method: 'POST', headers, agent: false }, (response) => {
      let text = '';
      response.setEncoding('utf8').on('data', (piece: string) => (text += piece));
      response.on('end', () => resolve(`${response.statusCode} ${text}`));
    });
    sending.on('error', reject);
    sent = new Promise((done) => sending.on('finish', done));
    sending.end(bytes);
  });
  return { reply, sent, goAway: () => sending.destroy() };
}

/** On a connection that stays. */
async function ask(path: string, body: string): Promise<number> {
  const reply = await fetch(`http://${master.rest}${path}`, { method: 'POST', body });
  await reply.arrayBuffer();
  return reply.status;
}

describe.each(protocols)('$name', ({ path, large, small }) => {
  test('small requests that come after a large one are answered before it', async () => {
    const { reply, sent } = upload(master.rest, path, large);
    const progress = { isOver: false };
    void reply.finally(() => (progress.isOver = true));
    await sent;
    const statuses: number[] = [];
    while (!progress.isOver && statuses.length < 10_000) statuses.push(await ask(path, small));
    expect(statuses.length).toBeGreaterThan(several);
    expect(new Set(statuses)).toEqual(new Set([200]));
    expect(await reply).toContain(`${length}`);
  });
});

test('a caller that goes away while its body is read is not read on for, and the next ones are', async () => {
  const [{ path, large, small }] = protocols as [(typeof protocols)[0]];
  const cancelled = async () => {
    const { body } = await exchange(master.rest, 'GET', '/metrics');
    return new Exposition(body.toString()).sum('serving_refused_requests_total', { code: 'CANCELLED' }) ?? 0;
  };
  // Those whose body is not even whole are not counted.
  await eventually('a caller goes away while its body is read', async () => {
    const { reply, sent, goAway } = upload(master.rest, path, large);
    reply.catch(() => undefined);
    await sent;
    for (let i = 0; i < 3; i++) await ask(path, small);
    goAway();
    await ask(path, small);
    return (await cancelled()) > 0;
  });
  expect(await ask(path, small)).toBe(200);
});

test('SIGTERM while a body is read: it is answered, exit code 0', async () => {
  const own = await startMaster(options);
  const [{ path, large }] = protocols as [(typeof protocols)[0]];
  const { reply, sent } = upload(own.rest, path, large);
  await sent;
  await exchange(own.rest, 'GET', '/livez');
  own.signal('SIGTERM');
  expect(await reply).toBe(`200 {"instances":[{"y":${length}.0}]}`);
  expect(await own.ended).toEqual({ code: 0, signal: null });
});
