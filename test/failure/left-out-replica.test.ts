/** A master's own replica that comes back while workers have other methods under its version. */
import { expect, test } from '@jest/globals';
import { rmSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { eventually } from '../support/eventually.js';
import { startMaster, startWorker } from '../support/processes.js';
import { functionServable, servables } from '../support/servables.js';
import { temporaryFolder } from '../support/temporary-folder.js';

const broken = join(temporaryFolder(), 'broken');

test('it is left out, and the master lives on; when the workers have gone it serves again', async () => {
  const own = functionServable(`
import { existsSync } from 'node:fs';
if (existsSync(${JSON.stringify(broken)})) process.exit(9);
registerMethod('old', { inputs: ['x'], outputs: ['y'] }, (x) => x);
registerMethod('exit', { inputs: ['x'], outputs: ['y'], idempotent: false }, (x) => addStage(() => process.exit(7), [x]));
`);
  const newer = functionServable(`registerMethod('new', { inputs: ['x'], outputs: ['y'] }, (x) => x);`);
  const options = ['--servable', 's', '--executors', '1', '--directory'];
  const master = await startMaster(['--master', '127.0.0.1:0', ...options, servables({ s: own })]);
  const serves = async (method: string) => (await master.client('s', method).infer({ x: 1 }))[0].ok;
  const logged = (text: string) => master.log.some((line) => line['msg'] === text);
  expect(await serves('old')).toBe(true);
  writeFileSync(broken, '');
  expect(await serves('exit')).toBe(false);
  await eventually('it cannot be replaced', () => logged('executor could not be replaced; trying again'));
  const worker = await startWorker(master, ['--servable', 's', '--directory', servables({ s: newer })]);
  expect(await serves('new')).toBe(true);
  rmSync(broken);
  await eventually(
    'the own replica is left out',
    () => logged('replica left out until the others are gone') || master.outcome !== undefined,
  );
  expect(master.outcome).toBeUndefined();
  expect(await serves('new')).toBe(true);
  await worker.stop();
  await eventually('the own replica serves again', () => serves('old'));
});
