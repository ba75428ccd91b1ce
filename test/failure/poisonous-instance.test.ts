/** An instance that kills its worker, among others that do not: at most one more worker dies for finding out which. */
import { expect, test } from '@jest/globals';
import { outputsOf } from '@serving/client';
import { startMaster, startWorker } from '../support/processes.js';
import { functionServable, servables } from '../support/servables.js';

const poison = 13;

test('its neighbours are answered, it gets an error, and one worker of four is left', async () => {
  const directory = servables({
    s: functionServable(`
registerMethod('eat', { inputs: ['x'], outputs: ['y'] }, (x) => addStage((x) => {
  if (x.data[0] === ${poison}) process.kill(process.pid, 'SIGKILL');
  return x;
}, [x]));
`),
  });
  const master = await startMaster(['--master', '127.0.0.1:0']);
  const start = (device: number) =>
    startWorker(master, ['--servable', 's', '--directory', directory, '--device', String(device)]);
  const workers = await Promise.all([0, 1, 2, 3].map(start));
  const values = Array.from({ length: 20 }, (_, i) => i);
  const results = await master.client('s', 'eat').infer(values.map((x) => ({ x })));
  for (const [x, result] of results.entries()) {
    if (x === poison)
      expect(result).toMatchObject({
        ok: false,
        error: { code: 'WORKER_UNAVAILABLE', message: expect.stringMatching(/attempt|times/) as unknown },
      });
    else expect(outputsOf(result)).toMatchObject({ y: { data: Float32Array.of(x) } });
  }
  const dead = workers.filter(({ outcome }) => outcome?.signal === 'SIGKILL');
  expect(dead).toHaveLength(3);
});
