import { expect, test } from '@jest/globals';
import { Block, failure, ServingError, type Reply } from '@serving/common';
import { ReplyCollector } from '../../src/call/reply-collector.js';
import { ResponseSink } from '../../src/call/response-sink.js';

const outputs = new Block(1, []).all();
const piece = (sequence: number, last = false): Reply => ({
  first: 0,
  count: 1,
  sequence,
  last,
  outcome: { ok: true, outputs },
});

function sink(error?: ServingError) {
  const log: string[] = [];
  const ends = new ReplyCollector(1, ([end]) =>
    log.push(end!.outcome.ok ? 'ended' : end!.outcome.error.message),
  );
  return { log, sink: new ResponseSink(ends, () => (log.push('response'), error)) };
}

test('responses are handed on as they come, until the final reply', () => {
  const { log, sink: under } = sink();
  for (const reply of [piece(0), piece(1), piece(2, true), piece(3), piece(4, true)]) under.reply(reply);
  expect(log).toEqual(['response', 'response', 'ended']);
});

test('a failure is how they end', () => {
  const { log, sink: under } = sink();
  under.reply(piece(0));
  under.reply(failure(0, 1, new ServingError('STAGE_FAILED', 'threw')));
  expect(log).toEqual(['response', 'threw']);
});

test('a response that is not taken ends them, whatever the worker says then', () => {
  const { log, sink: under } = sink(new ServingError('READER_TOO_SLOW', 'too slow'));
  for (const reply of [piece(0), piece(1), piece(2, true)]) under.reply(reply);
  expect(log).toEqual(['response', 'too slow']);
});
