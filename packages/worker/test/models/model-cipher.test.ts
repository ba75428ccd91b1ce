import { randomBytes } from 'node:crypto';
import { writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, test } from '@jest/globals';
import { decryptModel, encryptModel, readKey } from '../../src/models/model-cipher.js';
import { servingError } from '../../../../test/support/serving-error-matcher.js';
import { temporaryFolder } from '../../../../test/support/temporary-folder.js';

const model = Buffer.from('an ONNX model');

describe.each(['AES-GCM', 'AES-CBC'] as const)('%s', (mode) => {
  test.each([16, 24, 32])('with a key of %i bytes a model comes back as it was', (size) => {
    const key = randomBytes(size);
    const encrypted = encryptModel(model, mode, key);
    expect(Buffer.from(encrypted).includes(model)).toBe(false);
    expect(Buffer.from(decryptModel(encrypted, mode, key, 's/1/m.enc'))).toEqual(model);
  });

  test('the same model never looks the same twice', () => {
    const key = randomBytes(32);
    expect(encryptModel(model, mode, key)).not.toEqual(encryptModel(model, mode, key));
  });

  test('a file that is too short is none', () => {
    expect(() => decryptModel(new Uint8Array(3), mode, randomBytes(16), 's/1/m.enc')).toThrow(
      servingError(
        'LOAD_FAILED',
        `model s/1/m.enc: expected a file encrypted with ${mode}, given 3 bytes only`,
      ),
    );
  });
});

test('with AES-GCM another key or a changed byte is found out', () => {
  const key = randomBytes(32);
  const encrypted = Buffer.from(encryptModel(model, 'AES-GCM', key));
  const text = /^model s\/1\/m\.enc cannot be decrypted: expected a file encrypted with AES-GCM and this key/;
  expect(() => decryptModel(encrypted, 'AES-GCM', randomBytes(32), 's/1/m.enc')).toThrow(
    servingError('LOAD_FAILED', text),
  );
  encrypted[15]! ^= 1;
  expect(() => decryptModel(encrypted, 'AES-GCM', key, 's/1/m.enc')).toThrow(
    servingError('LOAD_FAILED', text),
  );
});

describe('keys', () => {
  const key = randomBytes(24);

  test.each(['hex', 'base64'] as const)('are read as %s from the environment or a file', (encoding) => {
    process.env['TEST_MODEL_KEY'] = key.toString(encoding);
    expect(Buffer.from(readKey({ env: 'TEST_MODEL_KEY' }))).toEqual(key);
    const file = join(temporaryFolder(), 'key');
    writeFileSync(file, `${key.toString(encoding)}\n`);
    expect(Buffer.from(readKey({ file }))).toEqual(key);
    delete process.env['TEST_MODEL_KEY'];
  });

  test('that are missing or none are refused, and their value is in no message', () => {
    expect(() => readKey({ env: 'TEST_NO_KEY' })).toThrow(
      servingError(
        'LOAD_FAILED',
        'the environment variable TEST_NO_KEY: expected the key of a model, given nothing',
      ),
    );
    process.env['TEST_MODEL_KEY'] = 'short';
    expect(() => readKey({ env: 'TEST_MODEL_KEY' })).toThrow(
      servingError(
        'LOAD_FAILED',
        'the key in the environment variable TEST_MODEL_KEY: expected 16, 24, 32 bytes in base64 or hexadecimal, given 5 characters that are not',
      ),
    );
    delete process.env['TEST_MODEL_KEY'];
    expect(() => readKey({ file: '/nowhere/key' })).toThrow(
      servingError('LOAD_FAILED', 'the key of a model cannot be read from the file /nowhere/key: ENOENT'),
    );
  });
});
