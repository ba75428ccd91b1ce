import { expect, test } from '@jest/globals';
import type { ServingError } from '@serving/common';
import { RouteTable } from '../../src/routing/route-table.js';
import { Router } from '../../src/routing/router.js';
import { DispatchCounts } from '../../src/statistics/dispatch-counts.js';
import { FakeReplica, signature } from '../support/fake-replica.js';
import { routeTo } from '../support/routes.js';

/** A table whose entries' queues do nothing. */
function tableOf(...replicas: FakeReplica[]): {
  table: RouteTable;
  router: Router;
  await: (workers: boolean) => void;
} {
  const table = new RouteTable(({ servable, version, methods }) => {
    let live = 0;
    return {
      version,
      methods: new Map(methods.map((method) => [method.name, routeTo(method, { servable, version })])),
      setReplicas: (now) => (live = now.length),
      dispatchCounts: new DispatchCounts(),
      executors: 1,
      get isAvailable() {
        return live > 0;
      },
    };
  });
  table.update(replicas);
  let awaitsWorkers = false;
  const router = new Router(table, () => awaitsWorkers);
  return { table, router, await: (workers) => (awaitsWorkers = workers) };
}

function replicaOf(version: number, servable = 'add'): FakeReplica {
  return new FakeReplica({ servable, version, methods: [signature('add_common'), signature('__proto__')] });
}

function refusal(router: Router, servable: string, method: string, version = 0n): ServingError {
  try {
    router.route({ servable, method, version });
  } catch (thrown) {
    return thrown as ServingError;
  }
  throw new Error('expected the router to refuse');
}

test('version 0 is the newest, whatever the order of registration', () => {
  const { router } = tableOf(replicaOf(2), replicaOf(10), replicaOf(9));
  expect(router.route({ servable: 'add', method: 'add_common', version: 0n })).toMatchObject({
    servable: 'add',
    version: 10,
    method: { name: 'add_common' },
  });
});

test('a version is served by its number, older ones too', () => {
  const { router } = tableOf(replicaOf(1), replicaOf(2));
  expect(
    [1n, 2n].map((version) => router.route({ servable: 'add', method: 'add_common', version }).version),
  ).toEqual([1, 2]);
});

test('while the newest version has no replica, version 0 is the newest that has one', () => {
  const [one, two, three] = [replicaOf(1), replicaOf(2), replicaOf(3)];
  const { table, router } = tableOf(one, two, three);
  const served = () => router.route({ servable: 'add', method: 'add_common', version: 0n }).version;
  table.update([one, two]);
  expect(served()).toBe(2);
  table.update([one]);
  expect(served()).toBe(1);
  table.update([one, three]);
  expect(served()).toBe(3);
});

test('an unknown servable is refused in the words of MindSpore Serving', () => {
  const { router } = tableOf(replicaOf(1), replicaOf(1, 'sub'));
  const error = refusal(router, 'mul', 'add_common');
  expect([error.code, error.mindsporeCode]).toEqual(['SERVABLE_NOT_FOUND', 2]);
  expect(error.message).toBe(
    'Request servable(mul) method(add_common) , servable is not available; expected one of: add, sub',
  );
  expect(refusal(router, 'mul', 'm', 7n).message).toMatch(
    /^Request servable\(mul\) method\(m\) {2}version\(7\) , servable is not available/,
  );
});

test('a master that serves nothing says so', () => {
  expect(refusal(tableOf().router, 'add', 'm').message).toMatch(/; expected one of: none$/);
});

test('while workers may be on their way an unknown servable is unavailable, and worth trying again', () => {
  const { router, await: awaitWorkers } = tableOf(replicaOf(1));
  awaitWorkers(true);
  const error = refusal(router, 'sub', 'm');
  expect([error.code, error.mindsporeCode, error.retryable]).toEqual(['NO_REPLICA', 5, true]);
  expect(error.message).toBe(
    'Request servable(sub) method(m) , servable is not available; no worker has registered one by that name yet (registered: add); serving-worker --servable sub --master <cluster address> starts one',
  );
  expect(refusal(router, 'add', 'm').code).toBe('METHOD_NOT_FOUND');
  expect(refusal(router, 'add', 'add_common', 9n).code).toBe('VERSION_NOT_FOUND');
  awaitWorkers(false);
  expect(refusal(router, 'sub', 'm').code).toBe('SERVABLE_NOT_FOUND');
});

test('an unknown version is refused in the words of MindSpore Serving', () => {
  const { router } = tableOf(replicaOf(1), replicaOf(2));
  const error = refusal(router, 'add', 'add_common', 3n);
  expect([error.code, error.mindsporeCode]).toEqual(['VERSION_NOT_FOUND', 2]);
  expect(error.message).toBe(
    'Request servable(add) method(add_common)  version(3) , servable is not available; expected version 0 or one of: 2, 1',
  );
});

test('versions of 64 bits are named exactly and never taken for another', () => {
  const { router } = tableOf(replicaOf(Number.MAX_SAFE_INTEGER));
  const safe = BigInt(Number.MAX_SAFE_INTEGER);
  expect(router.route({ servable: 'add', method: 'add_common', version: safe }).version).toBe(Number(safe));
  for (const version of [safe + 1n, safe + 2n, 2n ** 64n - 1n]) {
    const error = refusal(router, 'add', 'add_common', version);
    expect([error.code, error.message.includes(` version(${version}) `)]).toEqual([
      'VERSION_NOT_FOUND',
      true,
    ]);
  }
});

test('a known servable or version without a replica is unavailable, code 5', () => {
  const { table, router } = tableOf(replicaOf(1), replicaOf(2));
  table.update([replicaOf(1)]);
  const gone = refusal(router, 'add', 'add_common', 2n);
  expect([gone.code, gone.mindsporeCode]).toEqual(['NO_REPLICA', 5]);
  expect(gone.message).toBe(
    'Request servable(add) method(add_common)  version(2) , servable is not available; no replica of version 2 is live',
  );
  table.update([]);
  const all = refusal(router, 'add', 'add_common');
  expect([all.code, all.message]).toEqual([
    'NO_REPLICA',
    'Request servable(add) method(add_common) , servable is not available; no replica of version 2 is live',
  ]);
});

test('an unknown method is refused in the words of MindSpore Serving', () => {
  const { router } = tableOf(replicaOf(1));
  for (const [method, version] of [
    ['nope', 0n],
    ['constructor', 0n],
    ['', 1n],
  ] as const) {
    const error = refusal(router, 'add', method, version);
    expect([error.code, error.mindsporeCode]).toEqual(['METHOD_NOT_FOUND', 2]);
    const named = version === 0n ? '' : ` version(${version}) `;
    expect(error.message).toBe(
      `Request servable(add) method(${method}) ${named}, method is not available; expected one of: add_common, __proto__`,
    );
  }
});

test('names that objects have by themselves are names like any other', () => {
  const { router } = tableOf(replicaOf(1, '__proto__'));
  expect(router.route({ servable: '__proto__', method: '__proto__', version: 0n }).servable).toBe(
    '__proto__',
  );
  expect(refusal(router, 'toString', 'add_common').code).toBe('SERVABLE_NOT_FOUND');
});
