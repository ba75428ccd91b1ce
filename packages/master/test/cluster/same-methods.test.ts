import { expect, test } from '@jest/globals';
import type { MethodSignature } from '@serving/common';
import { checkAgreement, sameMethods } from '../../src/cluster/same-methods.js';
import { servingError } from '../../../../test/support/serving-error-matcher.js';
import { FakeReplica } from '../support/fake-replica.js';

const add: MethodSignature = {
  name: 'add',
  inputs: [{ name: 'x1', dtype: 'float32', shape: ['N', 2] }, { name: 'x2' }],
  outputs: [{ name: 'y', dtype: 'float32' }],
  modelBatchSize: 0,
  idempotent: true,
};
const sub: MethodSignature = { ...add, name: 'sub' };

test('methods agree whatever their order', () => {
  expect([sameMethods([add, sub], [sub, { ...add }]), sameMethods([], [])]).toEqual([true, true]);
});

const others: Record<string, readonly MethodSignature[]> = {
  'a method fewer': [add],
  'a method more': [add, sub, { ...add, name: 'mul' }],
  'another name': [add, { ...sub, name: 'subtract' }],
  'another input name': [add, { ...sub, inputs: [add.inputs[0]!, { name: 'x3' }] }],
  'inputs in another order': [add, { ...sub, inputs: add.inputs.toReversed() }],
  'another dtype': [add, { ...sub, outputs: [{ name: 'y', dtype: 'int32' }] }],
  'a dtype where it was open': [add, { ...sub, inputs: [add.inputs[0]!, { name: 'x2', dtype: 'int8' }] }],
  'a shape where it was open': [add, { ...sub, outputs: [{ name: 'y', dtype: 'float32', shape: [] }] }],
  'another batch size': [add, { ...sub, modelBatchSize: 4 }],
  'another word on streaming': [add, { ...sub, streaming: true }],
  'another word on idempotence': [add, { ...sub, idempotent: false }],
};

test.each(Object.entries(others))('methods differ by %s', (_, methods) => {
  expect([sameMethods([add, sub], methods), sameMethods(methods, [add, sub])]).toEqual([false, false]);
});

test('the refusal shows the methods that differ, as both replicas have them', () => {
  const live = new FakeReplica({ id: 'live', methods: [add, sub] });
  const given = new FakeReplica({
    id: 'new',
    methods: [
      add,
      { ...sub, outputs: [{ name: 'y', shape: [4] }], modelBatchSize: 4, idempotent: false },
      { ...sub, name: 'mul' },
    ],
  });
  expect(() => checkAgreement(live, given)).toThrow(
    servingError(
      'SIGNATURE_CONFLICT',
      'replica new: servable(add) version(1) differs from that of the live replica live: ' +
        'expected sub(x1: float32[N,2], x2) → (y: float32), ' +
        'given sub(x1: float32[N,2], x2) → (y: any[4]), 4 at a time, not idempotent and mul(x1: float32[N,2], x2) → (y: float32); give it a new version number, or stop the live replica first',
    ),
  );
  expect(() => checkAgreement(live, new FakeReplica({ id: 'new', methods: [add] }))).toThrow(
    servingError(
      'SIGNATURE_CONFLICT',
      /expected sub\(x1: float32\[N,2\], x2\) → \(y: float32\), given no further method; give it a new version number, or stop the live replica first$/,
    ),
  );
});
