import { expect, test } from '@jest/globals';
import fc from 'fast-check';
import { Block } from '../../src/block/block.js';
import { bytesColumn } from '../../src/block/column.js';
import { errorTable, type ErrorCode } from '../../src/errors/error-codes.js';
import { ServingError } from '../../src/errors/serving-error.js';
import { allocateFrame } from '../../src/frame/frame-buffer.js';
import { decodeReply, encodeReply, type BatchReply } from '../../src/frame/reply-frame.js';
import { ReplyHeader } from '../../src/gen/serving/link/v1/frame.js';
import { failure } from '../../src/reply/reply-sink.js';
import { servingError } from '../../../../test/support/serving-error-matcher.js';
import { blockRange, instancesOf } from './arbitraries.js';

const uint32 = fc.integer({ min: 0, max: 2 ** 32 - 1 });

function headerFrame(header: Partial<ReplyHeader>): ArrayBuffer {
  const empty = { batchId: 1, first: 0, count: 0, sequence: 0, last: true, durations: [] };
  return allocateFrame(ReplyHeader.encode({ ...empty, ...header }).finish(), 0).frame;
}

test('outputs of any kind arrive unchanged', () => {
  fc.assert(
    fc.property(blockRange, uint32, uint32, fc.boolean(), (outputs, first, sequence, last) => {
      const count = outputs.to - outputs.from;
      const sent: BatchReply = {
        batchId: 9,
        durations: [{ stage: 'preprocess', micros: 12, model: false }],
        reply: { first, count, sequence, last, outcome: { ok: true, outputs } },
      };
      const { reply, ...rest } = decodeReply(encodeReply(sent));
      expect(rest).toEqual({ batchId: 9, durations: sent.durations });
      expect(reply).toMatchObject({ first, count, sequence, last });
      if (!reply.outcome.ok) throw reply.outcome.error;
      expect(instancesOf(reply.outcome.outputs)).toEqual(instancesOf(outputs));
    }),
    { numRuns: 300 },
  );
});

test('a failure arrives with its code and message, whatever the code', () => {
  for (const code of Object.keys(errorTable) as ErrorCode[]) {
    const reply = failure(3, 4, new ServingError(code, `größe of '${code}'\nsecond line`));
    const decoded = decodeReply(encodeReply({ batchId: 1, durations: [], reply }));
    expect(decoded.reply).toMatchObject({ first: 3, count: 4, last: true, outcome: { ok: false } });
    if (decoded.reply.outcome.ok) throw new Error('expected a failure');
    expect(decoded.reply.outcome.error).toEqual(servingError(code, /^größe of '\w+'\nsecond line$/));
  }
});

test('the cause of a failure stays on its side', () => {
  const error = ServingError.from(new Error('password hunter2'));
  const frame = encodeReply({ batchId: 1, durations: [], reply: failure(0, 1, error) });
  expect(Buffer.from(frame).includes('hunter2')).toBe(false);
  expect(Buffer.from(frame).includes(error.errorId!)).toBe(true);
});

test('a code this side does not know is an internal error with its message', () => {
  for (const code of ['FROM_THE_FUTURE', '', '__proto__', 'constructor']) {
    const decoded = decodeReply(headerFrame({ count: 1, failure: { code, message: 'text' } }));
    expect(decoded.reply.outcome).toEqual({ ok: false, error: servingError('INTERNAL', /^text$/) });
  }
});

test('durations with fractions are written as whole microseconds', () => {
  const durations = [{ stage: 'model', micros: 12.6, model: true }];
  const frame = encodeReply({
    batchId: 1,
    durations,
    reply: failure(0, 1, new ServingError('CANCELLED', 'x')),
  });
  expect(decodeReply(frame).durations).toEqual([{ stage: 'model', micros: 13, model: true }]);
});

test('a reply with neither outputs nor failure, or with both, is refused', () => {
  const section = { count: 0, columns: [] };
  expect(() => decodeReply(headerFrame({}))).toThrow(servingError('FRAME_INVALID', /neither/));
  expect(() => decodeReply(headerFrame({ section, failure: { code: 'CANCELLED', message: '' } }))).toThrow(
    servingError('FRAME_INVALID', /both/),
  );
});

test('outputs for another number of instances than the reply is for are refused', () => {
  const outputs = new Block(2, [bytesColumn('s', 'bytes', [], [Buffer.from('a'), Buffer.from('b')])]).all();
  const reply = { first: 0, count: 3, sequence: 0, last: true, outcome: { ok: true, outputs } } as const;
  expect(() => decodeReply(encodeReply({ batchId: 1, durations: [], reply }))).toThrow(
    servingError('FRAME_INVALID', /a reply for 3 instances has 2/),
  );
});

test('outputs without columns arrive as what they are: nothing, for so many instances', () => {
  const outputs = new Block(3, []).all();
  const reply = { first: 2, count: 3, sequence: 7, last: true, outcome: { ok: true, outputs } } as const;
  const decoded = decodeReply(encodeReply({ batchId: 1, durations: [], reply })).reply;
  if (!decoded.outcome.ok) throw decoded.outcome.error;
  const { block, from, to } = decoded.outcome.outputs;
  expect([decoded.sequence, block.columns, block.count, from, to]).toEqual([7, [], 3, 0, 3]);
});
