import { describe, expect, test } from '@jest/globals';
import { rmSync, symlinkSync, truncateSync, utimesSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { OriginCheck } from '../../src/servables/origin.js';
import { openServableFolder } from '../../src/servables/servable-folder.js';
import { modelDefinition } from '../execution/batch.js';
import { servingError } from '../../../../test/support/serving-error-matcher.js';
import { folderWith, type FolderContents } from '../../../../test/support/temporary-folder.js';

class Servable {
  readonly #root: string;

  constructor(files: FolderContents) {
    this.#root = folderWith(
      Object.fromEntries(Object.entries(files).map(([file, text]) => [`s/${file}`, text])),
    );
  }

  path(file: string): string {
    return join(this.#root, 's', file);
  }

  /** A load begins. */
  check(expected?: ReturnType<OriginCheck['loaded']>): OriginCheck {
    return new OriginCheck(openServableFolder(this.#root, 's'), 1, expected);
  }

  load(models: readonly string[] = [], expected?: ReturnType<OriginCheck['loaded']>) {
    return this.check(expected).loaded(models.map(model), []);
  }
}

const model = (file: string) => ({ ...modelDefinition, files: [file] });

const since = (change: string) =>
  servingError(
    'LOAD_FAILED',
    `servable s version 1: expected what its first executor was loaded from; since then ${change}; a restart serves what is there now`,
  );

/** What a servable consists of before and after; the change, or nothing where there is none that counts. */
const changes: Record<string, { before: FolderContents; after: FolderContents; change?: string }> = {
  'the configuration': {
    before: { 'servable_config.ts': 'a' },
    after: { 'servable_config.ts': 'b' },
    change: 's/servable_config.ts has changed',
  },
  'a configuration that there was not': {
    before: { '1/m.onnx': 'a' },
    after: { 'servable_config.js': '' },
    change: 's/servable_config.js is new',
  },
  'modules by every kind of import': {
    before: {
      'servable_config.ts': `import a from './a.js';\nimport "./b";\nconst c = require('./c');\nawait import(\n  './d.mjs');\nexport * from './e/e.cts';`,
      'a.ts': '',
      'b/index.ts': '',
      'c.json': '',
      'c.js': '',
      'd.mjs': '',
      'e/e.cts': `import type { F } from '../../f.js';`,
      '../f.ts': '',
    },
    after: { 'a.ts': '1', 'b/index.ts': '1', 'c.js': '1', 'd.mjs': '1', 'e/e.cts': '', '../f.ts': '1' },
    change:
      's/a.ts has changed, s/b/index.ts has changed, s/c.js has changed, s/d.mjs has changed, s/e/e.cts has changed, f.ts is gone',
  },
  'a module that stands before the one that was meant': {
    before: { 'servable_config.ts': `import './a';`, 'a.js': '' },
    after: { 'a.ts': '' },
    change: 's/a.js is gone, s/a.ts is new',
  },
  'files that it reads': {
    before: {
      'servable_config.ts': `readFileSync(new URL('a.json', import.meta.url)); readLabels(\nnew URL("./b.txt", import.meta.url))`,
      'a.json': '1',
      'b.txt': '1',
    },
    after: { 'a.json': '2', 'b.txt': '2' },
    change: 's/a.json has changed, s/b.txt has changed',
  },
  'files that it writes, imports nowhere, or that are packages': {
    before: {
      'servable_config.ts': `import 'pkg'; writeFileSync(new URL('a.json', import.meta.url), '');`,
      'a.json': '1',
      'b.ts': '1',
      'node_modules/pkg/index.js': '1',
    },
    after: { 'a.json': '2', 'b.ts': '2', 'node_modules/pkg/index.js': '2' },
  },
  'external data of a model': {
    before: { '1/m.onnx': 'a', '1/data/weights': 'b' },
    after: { '1/data/weights': 'c' },
    change: 's/1/data/weights has changed',
  },
  'another version, and what is new beside a model': {
    before: { '1/m.onnx': 'a', '2/m.onnx': 'a' },
    after: { '1/n.onnx': 'b', '2/m.onnx': 'b' },
  },
};

test.each(Object.entries(changes))('%s', (_, { before, after, change }) => {
  const servable = new Servable(before);
  const origin = servable.load();
  for (const [file, text] of Object.entries(after)) writeFileSync(servable.path(file), text);
  if (change === undefined)
    expect(servable.load([], origin)).toEqual({ ...origin, files: expect.anything() });
  else expect(() => servable.check(origin)).toThrow(since(change));
  for (const [file, text] of Object.entries(after))
    if (before[file] === undefined) rmSync(servable.path(file));
    else writeFileSync(servable.path(file), before[file] ?? text);
  servable.load([], origin);
});

describe('models', () => {
  test('one that lies elsewhere in the folder of the servable', () => {
    const servable = new Servable({ 'servable_config.ts': '', 'm.onnx': 'a', '1/': '' });
    const origin = servable.load(['../m.onnx']);
    servable.load(['../m.onnx'], origin);
    writeFileSync(servable.path('m.onnx'), 'b');
    expect(() => servable.check(origin)).toThrow(since('s/m.onnx has changed'));
  });

  test('folders that links make a circle of are looked through once', () => {
    const servable = new Servable({ '1/data/m.onnx': 'a' });
    symlinkSync('..', servable.path('1/data/up'));
    symlinkSync('nowhere', servable.path('1/nothing'));
    const origin = servable.load();
    expect(Object.keys(origin.files.version)).toEqual(['s/1/data/m.onnx']);
    servable.load([], origin);
  });

  test('external data beside one that lies elsewhere', () => {
    const servable = new Servable({
      'servable_config.ts': `declareModel({ file: '../shared/m.onnx' });`,
      'shared/m.onnx': 'a',
      'shared/m.onnx.data': 'b',
      '1/': '',
    });
    const origin = servable.load();
    writeFileSync(servable.path('shared/m.onnx.data'), 'c');
    expect(() => servable.check(origin)).toThrow(since('s/shared/m.onnx.data has changed'));
  });

  test('of up to 16 MiB are known by what is in them, larger ones by size and time', () => {
    for (const [size, isHashed] of [
      [16 * 2 ** 20, true],
      [16 * 2 ** 20 + 1, false],
    ] as const) {
      const servable = new Servable({ '1/m.onnx': '' });
      const path = servable.path('1/m.onnx');
      truncateSync(path, size);
      const origin = servable.load();
      servable.load([], origin);
      utimesSync(path, 1, 1);
      if (isHashed) servable.load([], origin);
      else expect(() => servable.check(origin)).toThrow(since('s/1/m.onnx has changed'));
    }
  });

  test('one that is replaced while it is loaded: nobody knows which was', () => {
    const servable = new Servable({ '1/m.onnx': 'a' });
    const check = servable.check();
    writeFileSync(servable.path('1/m.onnx'), 'b');
    expect(() => check.loaded([], [])).toThrow(
      servingError(
        'LOAD_FAILED',
        'servable s version 1: expected files that stay as they are while it is loaded; meanwhile s/1/m.onnx has changed',
      ),
    );
  });
});
