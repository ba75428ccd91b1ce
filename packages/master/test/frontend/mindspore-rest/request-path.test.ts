/** Paths in both orders, and what is said of those that are none. */
import { expect, test } from '@jest/globals';
import { ServingError } from '@serving/common';
import { parsePath } from '../../../src/frontend/mindspore-rest/request-path.js';

test.each([
  ['/model/add:predict', 'add', 'predict', 0n],
  ['/model/add/version/2:predict', 'add', 'predict', 2n],
  ['/version/2/model/add:predict', 'add', 'predict', 2n],
  ['/model/add/version/0:predict', 'add', 'predict', 0n],
  ['/model/add/version/007:predict', 'add', 'predict', 7n],
  ['/model/add/version/4294967294:predict', 'add', 'predict', 4_294_967_294n],
  // The original looks for its keywords anywhere.
  ['/model/conversion:predict', 'conversion', 'predict', 0n],
  ['/model/remodel/version/3:versioned', 'remodel', 'versioned', 3n],
  ['/version/3/model/model:model', 'model', 'model', 3n],
  ['/model/version:predict', 'version', 'predict', 0n],
  ['/behind/a/proxy/model/add:predict', 'add', 'predict', 0n],
  ['/model/add:a:b/c', 'add', 'a:b/c', 0n],
  ['/model/gr%C3%B6%C3%9Fe:m%20n', 'größe', 'm n', 0n],
  ['/model/a%3Ab%2Fc:m', 'a:b/c', 'm', 0n],
  ['/model/%6dodel:m', 'model', 'm', 0n],
])('%s', (path, servable, method, version) => {
  expect(parsePath(path)).toEqual({ servable, method, version });
});

const noModel = 'please check url, the keyword:[model] must contain.';
const noMethod = 'please check url, the keyword:[service method] must contain.';
const odd = 'please check url, the keyword:[version] value invalid, request version number';
const range = 'please check url, version number range failed, request version number';

test.each([
  ['/', 'UNKNOWN_PATH', noModel],
  ['/favicon.ico', 'UNKNOWN_PATH', noModel],
  ['/models/add:predict', 'UNKNOWN_PATH', noModel],
  ['/model/:predict', 'UNKNOWN_PATH', noModel],
  ['/model', 'UNKNOWN_PATH', noModel],
  ['/version/1:predict', 'UNKNOWN_PATH', noModel],
  ['/model/add', 'UNKNOWN_PATH', noMethod],
  ['/model/add/version/1', 'UNKNOWN_PATH', noMethod],
  ['/model/add:', 'UNKNOWN_PATH', noMethod],
  ['/model/add/version/one:predict', 'BAD_REQUEST', `${odd} one`],
  ['/model/add/version/1.5:predict', 'BAD_REQUEST', `${odd} 1.5`],
  ['/model/add/version/:predict', 'BAD_REQUEST', `${odd} `],
  ['/model/add/version/-1:predict', 'BAD_REQUEST', `${range} -1`],
  ['/model/add/version/4294967295:predict', 'BAD_REQUEST', `${range} 4294967295`],
  ['/model/add/version/99999999999999999999:predict', 'BAD_REQUEST', `${range} 99999999999999999999`],
  ['/model/%ff:predict', 'BAD_REQUEST', 'please check url, expected it percent-encoded in UTF-8'],
])('%s is refused', (path, code, text) => {
  const form = 'expected /model/<servable>[/version/<n>]:<method>';
  expect(() => parsePath(path)).toThrow(
    expect.objectContaining({ code, message: `${text}; ${form}, given ${path}` }),
  );
});

test('a long path is cut in the error', () => {
  try {
    parsePath(`/${'x'.repeat(10_000)}`);
    throw new Error('expected it to be refused');
  } catch (thrown) {
    expect(thrown).toBeInstanceOf(ServingError);
    expect((thrown as ServingError).message.length).toBeLessThan(400);
  }
});
