/** A worker that a master refuses while a model runs in it: its exit must not wait inside native code, which aborts. */
import { expect, test } from '@jest/globals';
import { existsSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { eventually } from '../support/eventually.js';
import { startMaster, startWorker } from '../support/processes.js';
import { configuration, functionServable, servables, slowRunModel } from '../support/servables.js';
import { temporaryFolder, type FolderContents } from '../support/temporary-folder.js';

const size = 2048;
const other = servables({
  s: functionServable(`registerMethod('echo', { inputs: ['z'], outputs: ['y'] }, (z) => z);`),
});
const said = /serving-worker: the master refused the replica: .*expected .*echo/s;

/** Its method tells by a file that the model is about to run. */
function slowServable(products: number, running: string): FolderContents {
  const config = configuration(`
import { writeFileSync } from 'node:fs';
const model = declareModel({ file: 'm.onnx', withBatchDim: false });
registerMethod('run', { inputs: ['x'], outputs: ['y'] }, (x) => {
  const matrix = addStage(() => {
    writeFileSync(${JSON.stringify(running)}, '');
    return new Tensor('float32', [${size}, ${size}], new Float32Array(${size} ** 2));
  }, [x]);
  return addStage(model, [matrix]);
});
`);
  return { 'servable_config.ts': config, '1/m.onnx': slowRunModel(size, products) };
}

/** Of the process, all threads: user and system time in hundredths of a second. */
function cpuTicks(pid: number): number {
  const fields = readFileSync(`/proc/${pid}/stat`, 'latin1').split(' ');
  return Number(fields[13]) + Number(fields[14]);
}

// Some products take a second, depending on the machine; a killed run may have as many as one likes.
test.each([
  ['the code says so when the run is over', 40, '60s', { code: 5, signal: null }],
  ['it is killed when the run takes too long', 400, '100ms', { code: null, signal: 'SIGKILL' }],
])(
  'its text is there, and %s',
  async (_, products, grace, end) => {
    const running = join(temporaryFolder(), 'running');
    const directory = servables({ s: slowServable(products, running) });
    const master = await startMaster(['--master', '127.0.0.1:0']);
    const options = ['--servable', 's', '--directory', directory, '--shutdown-grace', grace];
    const worker = await startWorker(master, options);
    const { address, cluster } = master;
    master
      .client('s', 'run')
      .infer({ x: 1 })
      .catch(() => undefined);
    await eventually('the model is about to run', () => existsSync(running));
    const before = cpuTicks(worker.pid!);
    await eventually('it runs', () => cpuTicks(worker.pid!) > before + 50, 60_000);
    await master.stop('SIGKILL');
    // Its own replica is there before it listens for workers.
    const own = ['--servable', 's', '--directory', other, '--executors', '1'];
    await startMaster(['--grpc', address, '--master', cluster, ...own]);
    expect(await worker.ended).toEqual(end);
    expect(worker.stderr).toMatch(said);
  },
  100_000,
);
