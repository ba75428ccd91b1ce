/** Where bytes stop being UTF-8 (Unicode 15, table 3-7): for the text of an error, once it is known that they do; and where they can be cut. */

/** A continuation byte may be followed by two more of its sequence. */
const mostContinuations = 3;

/** The offset from `at` on where a character begins, where there is one near; `to` at the end. */
export function characterAt(bytes: Uint8Array, at: number, to: number): number {
  for (let end = at; end < Math.min(at + mostContinuations, to); end++)
    if ((bytes[end]! & 0xc0) !== 0x80) return end;
  return Math.min(at + mostContinuations, to);
}

/** Offset of the first sequence between `from` and `to` that is none; `to` when all are. */
export function invalidUtf8At(bytes: Uint8Array, from: number, to: number): number {
  let at = from;
  while (at < to) {
    const length = sequenceLength(bytes, at, to);
    if (length === 0) return at;
    at += length;
  }
  return to;
}

/** Bytes of the sequence at `at`; 0 when it is none. */
function sequenceLength(bytes: Uint8Array, at: number, to: number): number {
  const lead = bytes[at]!;
  if (lead < 0x80) return 1;
  if (lead < 0xc2 || lead > 0xf4) return 0;
  const length = lead < 0xe0 ? 2 : lead < 0xf0 ? 3 : 4;
  if (at + length > to) return 0;
  const second = bytes[at + 1]!;
  if (second < lowestSecond(lead) || second > highestSecond(lead)) return 0;
  for (let i = at + 2; i < at + length; i++) if ((bytes[i]! & 0xc0) !== 0x80) return 0;
  return length;
}

/** Below it, the same character would have a shorter form. */
function lowestSecond(lead: number): number {
  if (lead === 0xe0) return 0xa0;
  return lead === 0xf0 ? 0x90 : 0x80;
}

/** Above it are surrogates, or what is no code point. */
function highestSecond(lead: number): number {
  if (lead === 0xed) return 0x9f;
  return lead === 0xf4 ? 0x8f : 0xbf;
}
