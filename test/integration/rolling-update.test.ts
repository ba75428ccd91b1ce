/** docs/cluster.md, "Versions and a rolling update": no caller notices the way from version 1 to version 2. */
import { beforeAll, expect, test } from '@jest/globals';
import { outputsOf } from '@serving/client';
import { eventually } from '../support/eventually.js';
import { startMaster, startWorker } from '../support/processes.js';
import { functionServable, servables } from '../support/servables.js';
import { type FolderContents } from '../support/temporary-folder.js';

/** Answers with the version that its folder has. */
const versioned = (version: number): FolderContents => ({
  ...functionServable(
    `registerMethod('version', { inputs: [], outputs: ['y'] }, () => addStage(() => '${version}', []));`,
  ),
  [`${version}/`]: '',
});

let folders: readonly string[];
beforeAll(() => {
  folders = [1, 2].map((version) => servables({ s: versioned(version) }));
});

test('version 0 goes to the newest that is live, there and back, and every request is answered', async () => {
  const master = await startMaster(['--master', '127.0.0.1:0']);
  const start = (version: number) =>
    startWorker(master, [
      '--servable',
      's',
      '--directory',
      folders[version - 1]!,
      '--version',
      String(version),
    ]);
  const ask = async (version = 0n) => {
    const [result] = await master.client('s', 'version', { version }).infer({});
    return outputsOf(result)['y'];
  };
  const old = await start(1);
  const seen: unknown[] = [];
  let isOver = () => false;
  const asking = (async () => {
    do seen.push(await ask());
    while (!isOver());
  })();
  const update = await start(2);
  expect([await ask(), await ask(1n), await ask(2n)]).toEqual(['2', '1', '2']);
  expect(await old.stop()).toEqual({ code: 0, signal: null });
  const before = seen.length;
  await eventually('the rest is answered by version 2', () => seen.length > before + 10);
  isOver = () => true;
  await asking;
  expect([new Set(seen), new Set(seen.slice(before))]).toEqual([new Set(['1', '2']), new Set(['2'])]);
  await start(1);
  expect(await ask()).toBe('2');
  expect(await update.stop()).toEqual({ code: 0, signal: null });
  expect(await ask()).toBe('1');
});
