/** serving-master --isolation process: servables in supervised processes, one per device. */
import { expect, test } from '@jest/globals';
import { cpSync, readdirSync, readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { eventually } from '../support/eventually.js';
import { runMaster, startMaster } from '../support/processes.js';
import { functionServable, servables } from '../support/servables.js';
import { temporaryFolder } from '../support/temporary-folder.js';

const directory = () =>
  servables({
    s: functionServable(`
registerMethod('pid', { inputs: [], outputs: ['y'] }, () => addStage(() => String(process.pid), []));
registerMethod('crash', { inputs: [], outputs: ['y'] }, () => addStage(() => process.kill(process.pid, 'SIGSEGV'), []));
`),
    broken: functionServable(`throw new Error('not today');`),
  });

const isolated = (...more: string[]) =>
  ['--directory', directory(), '--isolation', 'process', '--executors', '1'].concat(more);

test('a crash costs a process, not the server; SIGTERM ends all of them', async () => {
  // A variable of the master's own environment that would give both processes one name.
  const env = { SERVING_ID: 'w' };
  const master = await startMaster(isolated('--servable', 's', '--device', '0,1'), { env });
  const pids = async () => {
    const results = await master.client('s', 'pid').infer([{}, {}]);
    return results.map((result) => (result.ok ? Number(result.outputs['y']) : undefined));
  };
  const [before] = await pids();
  expect(before).not.toBe(master.pid);
  const [crashed] = await master.client('s', 'crash').infer({});
  expect(crashed).toMatchObject({ ok: false });
  const after = await eventually('another process serves', async () => {
    const [pid] = await pids();
    return pid !== undefined && pid !== before && pid;
  });
  expect(after).not.toBe(master.pid);
  expect(await master.stop('SIGTERM')).toEqual({ code: 0, signal: null });
  expect(() => process.kill(after, 0)).toThrow('ESRCH');
  expect(master.stderr).not.toContain('no link to the master');
  const started = master.log.filter(({ msg }) => msg === 'child started').map(({ childPid }) => childPid);
  expect(started).toContain(after);
});

test('a servable that served and cannot be loaded when it is started anew costs nobody else anything', async () => {
  const files = directory();
  const config = join(files, 's', 'servable_config.ts');
  const good = readFileSync(config, 'utf8');
  cpSync(join(files, 's'), join(files, 'other'), { recursive: true });
  const options = ['--isolation', 'process', '--executors', '1', '--servable', 's,other'];
  const master = await startMaster([...options, '--directory', files]);
  const serves = async (servable: string) => (await master.client(servable, 'pid').infer({}))[0].ok;
  expect([await serves('s'), await serves('other')]).toEqual([true, true]);
  writeFileSync(config, `throw new Error('half deployed');`);
  await master.client('s', 'crash').infer({});
  await eventually(
    'it could not be loaded',
    () => master.stderr.includes('"exitCode":3') || master.outcome !== undefined,
  );
  expect([await serves('s'), await serves('other')]).toEqual([false, true]);
  writeFileSync(config, good);
  await eventually('it serves again', () => serves('s'));
  expect(await master.stop('SIGTERM')).toEqual({ code: 0, signal: null });
});

test('a servable that cannot be loaded: exit code 3, with the process named', async () => {
  const temporary = temporaryFolder();
  const env = { TMPDIR: temporary };
  const ended = await runMaster(['--grpc', '0', ...isolated('--servable', 'broken')], { env });
  expect(ended).toMatchObject({ code: 3, signal: null });
  expect(ended.complaint).toMatch(/^the process for broken on device 0 ended: .*what it said is above$/);
  expect(ended.stderr).toContain('not today');
  // The socket of the link was there.
  expect(readdirSync(temporary).filter((name) => name.startsWith('serving-'))).toEqual([]);
});
