import { expect, test } from '@jest/globals';
import { ServingError } from '@serving/common';
import { mostUnsent, UnsentResponses } from '../../../src/frontend/streams/unsent-responses.js';

/** Responses to a client that reads when it is told to. */
function unread(mostBytes = 100) {
  const sent: number[] = [];
  const waiting: { resolve: () => void; reject: (error: Error) => void }[] = [];
  const responses = new UnsentResponses(
    {
      messages: (async function* () {})(),
      send: (message) => {
        sent.push(message.length);
        return new Promise((resolve, reject) => waiting.push({ resolve, reject }));
      },
    },
    mostBytes,
  );
  const turn = () => new Promise((resolve) => setImmediate(resolve));
  const drain = async () => {
    for (let next = waiting.shift(); next !== undefined; next = waiting.shift()) {
      next.resolve();
      await turn();
    }
  };
  return { responses, sent, drain, waiting };
}

test('a response is sent at once, the next when the transport wants more, all in order', async () => {
  const { responses, sent, drain } = unread();
  for (const length of [1, 2, 3]) expect(responses.add(new Uint8Array(length))).toBeUndefined();
  expect(sent).toEqual([1]);
  const ended = responses.sent();
  await drain();
  await ended;
  expect(sent).toEqual([1, 2, 3]);
  responses.add(new Uint8Array(4));
  expect(sent).toEqual([1, 2, 3, 4]);
});

test('more bytes than may wait are refused; one response may always wait, and the end of all', async () => {
  const { responses, sent, drain } = unread();
  // What the transport has taken waits no more.
  for (const length of [1000, 1000]) expect(responses.add(new Uint8Array(length))).toBeUndefined();
  const error = responses.add(new Uint8Array(1));
  expect(error).toBeInstanceOf(ServingError);
  expect([error!.code, error!.message]).toEqual([
    'READER_TOO_SLOW',
    'the client reads its responses more slowly than they come: 1 of them, 1000 bytes, wait to be sent; expected at most 65536, and 100 bytes',
  ]);
  responses.addLast(new Uint8Array(7));
  await drain();
  expect(sent).toEqual([1000, 1000, 7]);
});

test('however small, only so many may wait', async () => {
  const { responses, sent, drain } = unread(1e6);
  for (let i = 0; i <= mostUnsent; i++) expect(responses.add(new Uint8Array(1))).toBeUndefined();
  expect(responses.add(new Uint8Array(1))?.code).toBe('READER_TOO_SLOW');
  await drain();
  expect(sent).toHaveLength(mostUnsent + 1);
  expect(responses.add(new Uint8Array(1))).toBeUndefined();
});

test('whoever waits for them learns that the stream broke', async () => {
  const { responses, sent, waiting } = unread();
  responses.add(new Uint8Array(1));
  waiting[0]!.reject(new Error('broken'));
  await expect(responses.sent()).rejects.toThrow('broken');
  responses.add(new Uint8Array(1));
  await expect(responses.sent()).rejects.toThrow('broken');
  expect(sent).toEqual([1]);
});
