import { expect, test } from '@jest/globals';
import { ServingError } from '@serving/common';
import { InferenceBench, method } from '../../support/inference.js';

const open = (name: string, more = {}) => method(name, [{ name: 'x' }], more);

/** What a name and version mean: servable, version and method, or the error. */
function meaning(bench: InferenceBench, name: string, version = ''): string {
  try {
    const { route } = bench.models.ready(name, version);
    return `${route.servable} ${route.version} ${route.method.name}`;
  } catch (thrown) {
    const { code, message } = ServingError.from(thrown);
    return `${code}: ${message}`;
  }
}

test('a name is a servable, or else a servable and a method', () => {
  const bench = new InferenceBench();
  bench.serve({ servable: 'a', methods: [open('m'), open('n')] });
  bench.serve({ servable: 'a.m', methods: [open('other')] });
  bench.serve({ servable: 'x.y', methods: [open('z'), open('predict')] });
  expect(meaning(bench, 'a.m')).toBe('a.m 1 other');
  expect(meaning(bench, 'a.n')).toBe('a 1 n');
  expect(meaning(bench, 'x.y.z')).toBe('x.y 1 z');
  expect(meaning(bench, 'a.m.other')).toBe('a.m 1 other');
  expect(meaning(bench, 'a.o')).toBe(
    "METHOD_NOT_FOUND: Request for unknown model: 'a.o' is not found; expected one of: a.m, a.n",
  );
  for (const name of ['b', '', '.', 'a.', '.m', 'b.m'])
    expect(meaning(bench, name)).toMatch(
      name === 'a.'
        ? /^METHOD_NOT_FOUND: /
        : /^SERVABLE_NOT_FOUND: Request for unknown model: '.*' is not found; expected one of: a.m, a.n, x.y, x.y.z, x.y.predict$/,
    );
});

test('without servables the error says so', () => {
  expect(meaning(new InferenceBench(), 'a')).toBe(
    "SERVABLE_NOT_FOUND: Request for unknown model: 'a' is not found; expected a model to be there: there is none",
  );
});

test('a bare servable is its declared default, else its only method, else predict', () => {
  const bench = new InferenceBench();
  bench.serve({ servable: 'declared', methods: [open('predict'), open('m', { isDefault: true })] });
  bench.serve({ servable: 'only', methods: [open('m')] });
  bench.serve({ servable: 'predict', methods: [open('m'), open('predict')] });
  bench.serve({ servable: 'none', methods: [open('m'), open('n')] });
  expect(['declared', 'only', 'predict'].map((name) => meaning(bench, name))).toEqual([
    'declared 1 m',
    'only 1 m',
    'predict 1 predict',
  ]);
  expect(meaning(bench, 'none')).toBe(
    "METHOD_NOT_FOUND: Request for unknown model: 'none' is not found; no method of the servable is its default; expected one of: none.m, none.n",
  );
});

test('an empty version and 0 are the default, others are exact, and the rest is an error', () => {
  const bench = new InferenceBench();
  for (const version of [1, 3]) bench.serve({ servable: 's', version, methods: [open('m')] });
  expect(['', '0', '3', '1', '01'].map((version) => meaning(bench, 's', version))).toEqual([
    's 3 m',
    's 3 m',
    's 3 m',
    's 1 m',
    's 1 m',
  ]);
  expect(meaning(bench, 's', '2')).toBe(
    "VERSION_NOT_FOUND: Request for unknown model: 's' version 2 is not found; expected one of: 3, 1",
  );
  for (const version of ['-1', 'one', '1.0', ' 1', '9007199254740993'])
    expect(meaning(bench, 's', version)).toBe(
      `BAD_REQUEST: failed to get model version from specified version string '${version}' (details: expected a whole number, or nothing for the default version)`,
    );
});

test('a model without a live replica is known but not ready', () => {
  const bench = new InferenceBench();
  const replica = bench.serve({ servable: 's', version: 2, methods: [open('m')] });
  bench.plane.registry.remove(replica.id);
  expect(meaning(bench, 's')).toBe(
    "NO_REPLICA: Request for unknown model: 's' version 2 is not at ready state; no replica of it is live",
  );
  expect(bench.models.find('s', '').route.version).toBe(2);
});

test('all models are the bare names that mean something, and the methods of servables with several', () => {
  const bench = new InferenceBench();
  bench.serve({ servable: 'a', methods: [open('m')] });
  bench.serve({ servable: 'b', methods: [open('m'), open('predict')] });
  bench.serve({ servable: 'b', version: 2, methods: [open('m'), open('n')] });
  expect(bench.models.all().map(({ name, entry }) => `${name} ${entry.version}`)).toEqual([
    'a 1',
    'b.m 2',
    'b.n 2',
    'b 1',
    'b.m 1',
    'b.predict 1',
  ]);
  expect(bench.models.versions('b.m').map(({ entry }) => entry.version)).toEqual([1, 2]);
  expect(bench.models.versions('b').map(({ entry }) => entry.version)).toEqual([1]);
  expect(bench.models.versions('c')).toEqual([]);
});
