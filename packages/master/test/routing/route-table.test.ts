import { expect, test } from '@jest/globals';
import { RouteTable } from '../../src/routing/route-table.js';
import { DispatchCounts } from '../../src/statistics/dispatch-counts.js';
import { FakeReplica, signature } from '../support/fake-replica.js';
import { routeTo } from '../support/routes.js';

function setUp() {
  const made: string[] = [];
  const held = new Map<string, string[]>();
  const table = new RouteTable(({ servable, version, methods }) => {
    const name = `${servable}/${version}`;
    made.push(name);
    return {
      version,
      methods: new Map(methods.map((method) => [method.name, routeTo(method, { servable, version })])),
      dispatchCounts: new DispatchCounts(),
      isAvailable: true,
      executors: 1,
      setReplicas: (replicas) =>
        held.set(
          name,
          replicas.map((replica) => replica.id),
        ),
    };
  });
  return { table, made, held };
}

const replica = (id: string, servable: string, version: number) => new FakeReplica({ id, servable, version });

test('each version gets its own replicas and no other', () => {
  const { table, held } = setUp();
  table.update([
    replica('a', 'add', 1),
    replica('b', 'add', 2),
    replica('c', 'sub', 1),
    replica('d', 'add', 1),
  ]);
  expect(Object.fromEntries(held)).toEqual({ 'add/1': ['a', 'd'], 'add/2': ['b'], 'sub/1': ['c'] });
  expect([...table.servables()]).toEqual(['add', 'sub']);
  expect([...table.versions('add')!.keys()]).toEqual([2, 1]);
  expect(table.versions('mul')).toBeUndefined();
});

test('a version keeps its entry, with its queues, when its replicas go and come back', () => {
  const { table, made, held } = setUp();
  table.update([replica('a', 'add', 1)]);
  const entry = table.versions('add')!.get(1);
  table.update([]);
  expect([held.get('add/1'), table.versions('add')!.get(1)]).toEqual([[], entry]);
  table.update([replica('b', 'add', 1)]);
  expect([made, held.get('add/1')]).toEqual([['add/1'], ['b']]);
  expect(table.versions('add')!.get(1)).toBe(entry);
});

test('a version whose replicas have all gone takes the methods of the next one', () => {
  const { table, made, held } = setUp();
  const [old, other] = [replica('a', 'add', 1), replica('other', 'add', 2)];
  table.update([old, other]);
  const before = table.versions('add')!;
  table.update([other]);
  const heir = new FakeReplica({ id: 'b', servable: 'add', methods: [signature('predict', ['z'])] });
  table.update([other, heir]);
  const now = table.versions('add')!;
  expect([...now.get(1)!.methods.values()].map(({ method }) => method)).toEqual(heir.methods);
  expect([now.get(2), [...now.keys()]]).toEqual([before.get(2), [2, 1]]);
  expect([made, held.get('add/1')]).toEqual([['add/1', 'add/2', 'add/1'], ['b']]);
  table.update([other, heir, new FakeReplica({ id: 'c', methods: heir.methods })]);
  expect(made.length).toBe(3);
});
