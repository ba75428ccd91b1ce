import { describe, expect, test } from '@jest/globals';
import { execFileSync } from 'node:child_process';
import { chmodSync, symlinkSync } from 'node:fs';
import { join } from 'node:path';
import {
  chooseVersion,
  modelFile,
  onnxFiles,
  openServableFolder,
} from '../../src/servables/servable-folder.js';
import { servingError } from '../../../../test/support/serving-error-matcher.js';
import { folderWith } from '../../../../test/support/temporary-folder.js';

const open = (files: Record<string, string>) => openServableFolder(folderWith(files), 's');

describe('opening', () => {
  test('a folder has a configuration and versions, newest first by number', () => {
    const folder = open({
      's/servable_config.mts': '',
      's/2/': '',
      's/10/': '',
      's/9/': '',
      's/lib/': '',
      's/3': 'file',
    });
    expect(folder).toMatchObject({ name: 's', versions: [10, 9, 2], warnings: [] });
    expect(folder.configFile).toBe(join(folder.path, 'servable_config.mts'));
  });

  test('the configuration may be missing', () => {
    expect(open({ 's/1/': '' }).configFile).toBeUndefined();
  });

  test.each(['0', '007', '-1', '+1', '1.0', '1e3', 'v1', 'V2', 'version_3', '9007199254740992'])(
    'folder %s is ignored with a warning',
    (name) => {
      const folder = open({ [`s/${name}/`]: '', 's/5/': '' });
      expect(folder.versions).toEqual([5]);
      expect(folder.warnings).toEqual([
        `folder '${name}' is ignored: a version is a positive whole number without leading zeros`,
      ]);
    },
  );

  test.each(['a', 'lib', 'vendor', 'versions', '.git'])('folder %s is none of our business', (name) => {
    expect(open({ [`s/${name}/`]: '' })).toMatchObject({ versions: [], warnings: [] });
  });

  test.each([
    'servable_config.py',
    'servable_config.json',
    'servable-config.ts',
    'Servable_Config.ts',
    'servableConfig.mjs',
    'servable_config.cjs',
    'servable_config',
  ])('file %s is ignored with a warning', (name) => {
    const folder = open({ [`s/${name}`]: '', 's/5/': '' });
    expect(folder.configFile).toBeUndefined();
    expect(folder.warnings).toEqual([
      `file '${name}' is ignored: a configuration is called servable_config.ts, servable_config.mts, servable_config.js or servable_config.mjs`,
    ]);
  });

  test.each(['config.ts', 'servable_config.test.ts', 'servable_configs.txt', 'servable_config.py/'])(
    'file %s is none of our business',
    (name) => {
      expect(open({ [`s/${name}`]: '' }).warnings).toEqual([]);
    },
  );

  test('two configurations are one too many', () => {
    expect(() => open({ 's/servable_config.ts': '', 's/servable_config.js': '' })).toThrow(
      servingError(
        'LOAD_FAILED',
        'servable s: expected one servable_config, given servable_config.ts and servable_config.js',
      ),
    );
  });
});

describe('not there', () => {
  test('what is not there is named, with what is', () => {
    const directory = folderWith({
      'a/1/': '',
      'b/servable_config.js': '',
      '.hidden/1/': '',
      'other/lib/': '',
      file: '',
    });
    expect(() => openServableFolder(directory, 's')).toThrow(
      servingError(
        'LOAD_FAILED',
        /^Check servable config failed, directory '.*s' not exist; no servable 's' in \S+ \(--directory \S+\), which holds: a, b; name the folder that holds s\/ with --directory$/,
      ),
    );
    expect(() => openServableFolder(join(directory, 'nowhere'), 's')).toThrow(
      servingError('LOAD_FAILED', /nowhere' not exist; expected the folder that holds servable 's'$/),
    );
    expect(() => openServableFolder(directory, 'file')).toThrow(
      servingError(
        'LOAD_FAILED',
        `Check servable config failed, directory '${join(directory, 'file')}' is a file, not a folder; no servable 'file' in ${directory} (--directory ${directory}), which holds: a, b; name the folder that holds file/ with --directory`,
      ),
    );
    expect(() => openServableFolder(join(directory, 'file'), 's')).toThrow(
      servingError(
        'LOAD_FAILED',
        /file' is a file, not a folder; expected the folder that holds servable 's'$/,
      ),
    );
    expect(() => openServableFolder(folderWith({ 'a/': '', 'b/0/': '' }), 's')).toThrow(
      servingError(
        'LOAD_FAILED',
        /, which holds no servables; name the folder that holds s\/ with --directory$/,
      ),
    );
    expect(() => openServableFolder(join(directory, 'a'), 'a')).toThrow(
      servingError(
        'LOAD_FAILED',
        /, which is a servable itself; name the folder that holds a\/ with --directory$/,
      ),
    );
  });

  test('a folder that may not be read is none of the servables', () => {
    const directory = folderWith({ 'a/1/': '', 'lost+found/1/': '' });
    chmodSync(join(directory, 'lost+found'), 0o311);
    expect(() => openServableFolder(directory, 's')).toThrow(
      servingError('LOAD_FAILED', /holds: a(, lost\+found)?; name/),
    );
    chmodSync(join(directory, 'lost+found'), 0o755);
  });
});

describe('versions', () => {
  const folder = () => open({ 's/2/': '', 's/7/': '' });

  test('0 is the newest, others are themselves', () => {
    expect(chooseVersion(folder(), 0)).toBe(7);
    expect(chooseVersion(folder(), 2)).toBe(2);
  });

  test('one that is not there is named, with those that are', () => {
    expect(() => chooseVersion(folder(), 3)).toThrow(
      servingError('LOAD_FAILED', /specified version number: 3; versions there: 7, 2$/),
    );
    expect(() => chooseVersion(open({ 's/': '' }), 0)).toThrow(
      servingError(
        'LOAD_FAILED',
        /There is no valid version directory of models; expected a folder such as s\/1/,
      ),
    );
  });
});

describe('model files', () => {
  test('only .onnx files are listed, by name', () => {
    const folder = open({
      's/1/b.onnx': '12345',
      's/1/a.ONNX': '1',
      's/1/a.onnx.data': '1234',
      's/1/._b.onnx': '1',
      's/1/.onnx': '1',
    });
    expect(onnxFiles(folder, 1)).toEqual(['a.ONNX', 'b.onnx']);
  });

  test('a file inside the servable is found, through links too', () => {
    const folder = open({ 's/1/a.onnx': '12345', 's/shared/b.onnx': '123' });
    symlinkSync('../shared/b.onnx', join(folder.path, '1', 'b.onnx'));
    expect(modelFile(folder, 1, 'a.onnx')).toEqual({ path: join(folder.path, '1/a.onnx'), bytes: 5 });
    expect(modelFile(folder, 1, 'b.onnx').bytes).toBe(3);
  });

  test.each(['../../outside.onnx', 'link.onnx', 'linked/outside.onnx'])(
    '%s, outside of the servable, is refused',
    (file) => {
      const directory = folderWith({ 's/1/': '', 'outside.onnx': '1' });
      symlinkSync('../../outside.onnx', join(directory, 's/1/link.onnx'));
      symlinkSync('../..', join(directory, 's/1/linked'));
      expect(() => modelFile(openServableFolder(directory, 's'), 1, file)).toThrow(
        servingError('LOAD_FAILED', `model file s/1/${file} lies outside the servable's folder`),
      );
    },
  );

  test('a servable beside it whose name begins alike is outside too', () => {
    const directory = folderWith({ 's/1/': '', 's2/1/m.onnx': '1' });
    expect(() => modelFile(openServableFolder(directory, 's'), 1, '../../s2/1/m.onnx')).toThrow(
      servingError('LOAD_FAILED', /lies outside/),
    );
  });
});

describe('model files that are none', () => {
  test('missing, empty and folder are told apart', () => {
    const folder = open({ 's/1/empty.onnx': '', 's/1/folder.onnx/': '', 's/2/': '' });
    expect(() => modelFile(folder, 1, 'm.onnx')).toThrow(
      servingError(
        'LOAD_FAILED',
        'model file s/1/m.onnx not exist; the version folder holds: empty.onnx, folder.onnx',
      ),
    );
    expect(() => modelFile(folder, 2, 'm.onnx')).toThrow(
      servingError('LOAD_FAILED', /holds no \.onnx file$/),
    );
    expect(() => modelFile(folder, 1, 'empty.onnx')).toThrow(
      servingError('LOAD_FAILED', /is empty: expected an ONNX model$/),
    );
    expect(() => modelFile(folder, 1, 'folder.onnx')).toThrow(
      servingError('LOAD_FAILED', /expected a file, given a folder$/),
    );
  });

  test.each(['nowhere.onnx', 'link.onnx'])('a link to %s is called what it is', (target) => {
    const folder = open({ 's/1/': '' });
    symlinkSync(target, join(folder.path, '1', 'link.onnx'));
    expect(() => modelFile(folder, 1, 'link.onnx')).toThrow(
      servingError('LOAD_FAILED', 'model file s/1/link.onnx not exist: it is a link that leads nowhere'),
    );
  });

  test.each(['a\0b.onnx', 'x'.repeat(5000), 'm.onnx/m.onnx'])('a name that no file can have: %j', (name) => {
    expect(() => modelFile(open({ 's/1/m.onnx': '1' }), 1, name)).toThrow(
      servingError('LOAD_FAILED', `model file s/1/${name} not exist; the version folder holds: m.onnx`),
    );
  });

  test('a named pipe is called what it is', () => {
    const folder = open({ 's/1/': '' });
    execFileSync('mkfifo', [join(folder.path, '1', 'm.onnx')]);
    expect(() => modelFile(folder, 1, 'm.onnx')).toThrow(
      servingError('LOAD_FAILED', 'model file s/1/m.onnx: expected a file, given a named pipe'),
    );
  });
});
