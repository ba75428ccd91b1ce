import { expect, test } from '@jest/globals';
import { ReplicaRegistry, type RegistrySnapshot } from '../../src/cluster/replica-registry.js';
import { FakeReplica, signature } from '../support/fake-replica.js';

function idsOf(snapshot: RegistrySnapshot): string[] {
  return snapshot.map((replica) => replica.id);
}

test('every listener sees each change as a snapshot that later changes leave alone', () => {
  const registry = new ReplicaRegistry();
  const seen: RegistrySnapshot[] = [];
  registry.onChange((snapshot) => seen.push(snapshot));
  registry.onChange((snapshot) => seen.push(snapshot));
  registry.add(new FakeReplica({ id: 'a' }));
  registry.add(new FakeReplica({ id: 'b' }));
  registry.remove('a');
  expect(seen.map(idsOf)).toEqual([['a'], ['a'], ['a', 'b'], ['a', 'b'], ['b'], ['b']]);
  expect(seen.every((snapshot) => Object.isFrozen(snapshot))).toBe(true);
  expect(idsOf(registry.snapshot)).toEqual(['b']);
});

test('a second replica of one id is refused and changes nothing', () => {
  const registry = new ReplicaRegistry();
  registry.add(new FakeReplica({ id: 'a' }));
  const before = registry.snapshot;
  expect(() => registry.add(new FakeReplica({ id: 'a', version: 2 }))).toThrow(
    expect.objectContaining({ code: 'CONFIG_INVALID', message: 'replica a is already registered' }),
  );
  expect(registry.snapshot).toBe(before);
});

test('an id can come back after it was removed, and removing an unknown one keeps the rest', () => {
  const registry = new ReplicaRegistry();
  const replica = new FakeReplica({ id: 'a' });
  registry.add(replica);
  registry.remove('z');
  registry.remove('a');
  registry.add(replica);
  expect(registry.snapshot).toEqual([replica]);
});

test('a listener that changes the registry leaves every listener with the newest snapshot last', () => {
  const registry = new ReplicaRegistry();
  const seen: string[][] = [];
  registry.onChange((snapshot) => {
    if (snapshot.length === 1 && snapshot[0]!.id === 'a') registry.remove('a');
  });
  registry.onChange((snapshot) => seen.push(idsOf(snapshot)));
  registry.add(new FakeReplica({ id: 'a' }));
  expect(seen.at(-1)).toEqual([]);
});

test('a replica whose methods are not those of a live one of the same version is refused', () => {
  const registry = new ReplicaRegistry();
  registry.add(new FakeReplica({ id: 'a', methods: [signature('predict', ['x'])] }));
  const before = registry.snapshot;
  const methods = [signature('predict', ['x', 'z'])];
  expect(() => registry.add(new FakeReplica({ id: 'b', methods }))).toThrow(
    expect.objectContaining({
      code: 'SIGNATURE_CONFLICT',
      message: expect.stringMatching(/expected predict\(x\) → \(y\), given predict\(x, z\) → \(y\); give/),
    }),
  );
  expect(registry.snapshot).toBe(before);
  registry.add(new FakeReplica({ id: 'c', version: 2, methods }));
  registry.add(new FakeReplica({ id: 'd', servable: 'sub', methods }));
  registry.remove('a');
  registry.add(new FakeReplica({ id: 'b', methods }));
  expect(idsOf(registry.snapshot)).toEqual(['c', 'd', 'b']);
});
