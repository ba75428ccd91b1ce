import { expect, test } from '@jest/globals';
import {
  Block,
  bytesColumn,
  dataTypes,
  elementCount,
  elementWidth,
  isNumericType,
  mindspore,
  numericColumn,
  ServingError,
  type Column,
} from '@serving/common';
import fc from 'fast-check';
import type { CollectedOutcome } from '../../../src/call/reply-collector.js';
import { ReplyWriter } from '../../../src/frontend/mindspore-grpc/serialize.js';
import { noSpec, wireSpecOf } from '../../../src/frontend/mindspore-grpc/spec-reader.js';
import { referenceReply } from '../../support/reference-codec.js';

/** The same for all replies, as in a server: what one leaves behind must not show in the next. */
const writer = new ReplyWriter();

const name = fc.constantFrom('y', '__proto__', 'constructor', '', 'größe', 'n'.repeat(200));
const shape = fc.array(fc.constantFrom(0, 1, 2, 3, 40), { maxLength: 3 });

function column(count: number): fc.Arbitrary<Column> {
  return fc
    .tuple(name, fc.constantFrom(...dataTypes), shape, fc.boolean())
    .chain(([named, dtype, dims, isWhole]): fc.Arbitrary<Column> => {
      const each = elementCount(dims)!;
      if (isNumericType(dtype)) {
        const width = each * elementWidth(dtype);
        const bytes = fc.uint8Array({ minLength: 1, maxLength: 9 }).map((few) => {
          const all = Buffer.alloc(count * width, few);
          return isWhole
            ? [all]
            : Array.from({ length: count }, (_, i) => all.subarray(i * width, (i + 1) * width));
        });
        return bytes.map((segments) => numericColumn(named, dtype, dims, segments));
      }
      const element = fc.oneof(
        { weight: 5, arbitrary: fc.uint8Array({ maxLength: 5 }) },
        fc.constant(new Uint8Array(300)),
      );
      const few = Math.min(each, 40);
      return fc
        .array(element, { minLength: few * count, maxLength: few * count })
        .map((elements) => bytesColumn(named, dtype, few === each ? dims : [few], elements));
    });
}

const succeeded = fc.integer({ min: 1, max: 4 }).chain((count) =>
  fc
    .tuple(
      fc.uniqueArray(column(count), { selector: (one) => one.name, maxLength: 3 }),
      fc.nat(count),
      fc.nat(count),
    )
    .map(([columns, a, b]): Pick<CollectedOutcome, 'count' | 'outcome'> => {
      const [from, to] = [Math.min(a, b), Math.max(a, b)];
      return {
        count: to - from,
        outcome: { ok: true, outputs: { block: new Block(count, columns), from, to } },
      };
    }),
);
const failed = fc
  .tuple(
    fc.integer({ min: 1, max: 3 }),
    fc.constantFrom('STAGE_FAILED', 'QUEUE_FULL', 'NO_REPLICA' as const),
    fc.constantFrom('no', '', 'größer als 🙂', '\ud800', 'long '.repeat(100)),
  )
  .map(([count, code, text]): Pick<CollectedOutcome, 'count' | 'outcome'> => ({
    count,
    outcome: { ok: false, error: new ServingError(code, text) },
  }));
const outcomes = fc
  .oneof(
    { weight: 3, arbitrary: fc.array(succeeded, { minLength: 1, maxLength: 4 }) },
    { weight: 3, arbitrary: fc.array(fc.oneof(succeeded, failed), { minLength: 1, maxLength: 4 }) },
    fc.array(failed, { minLength: 1, maxLength: 3 }),
  )
  .map((parts) => {
    let first = 0;
    return parts
      .filter(({ count }) => count > 0)
      .map((part): CollectedOutcome => {
        const placed = { ...part, first };
        first += part.count;
        return placed;
      });
  });
const spec = fc.option(
  fc.record({
    name: fc.constantFrom('', 'add', 'größe'),
    methodName: fc.constantFrom('', 'predict'),
    versionNumber: fc.constantFrom(0n, 7n, 2n ** 64n - 1n),
  }),
  { nil: undefined },
);

test('a reply is byte by byte what the generated encoder writes', () => {
  let withErrors = 0;
  fc.assert(
    fc.property(spec, outcomes, (servableSpec, given) => {
      const echo = servableSpec === undefined ? noSpec.echo : wireSpecOf(servableSpec).echo;
      const reply = writer.write(echo, given);
      expect(Buffer.from(reply).toString('hex')).toBe(
        Buffer.from(referenceReply(servableSpec, given)).toString('hex'),
      );
      if (mindspore.PredictReply.decode(reply).errorMsg.length > 1) withErrors++;
    }),
    { numRuns: 1000 },
  );
  expect(withErrors).toBeGreaterThan(50);
});
