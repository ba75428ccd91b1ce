/** What a child writes → whole lines on an output that several children share. */
import type { Readable, Writable } from 'node:stream';

/** A longer line is broken into pieces of this size, so that a child that never ends its line costs no more. */
export const maxLineBytes = 2 ** 20;

const lineFeed = Buffer.from('\n');
const nothing = Buffer.alloc(0);

/** One stream, such as the standard output of this process, that any number of children write to. */
export class SharedOutput {
  readonly #to: Writable;
  /** One wait for all children: a listener of each would be a leak to Node from the eleventh on. */
  #drained: Promise<void> | undefined;

  constructor(to: Writable) {
    this.#to = to;
  }

  /** Resolves when the stream takes more. What is written to a closed stream is dropped. */
  async write(lines: Buffer): Promise<void> {
    if (lines.length > 0 && this.#to.writable && !this.#to.write(lines)) this.#drained ??= this.#drain();
    await this.#drained;
  }

  #drain(): Promise<void> {
    return new Promise((resolve) => {
      const done = () => {
        this.#to.off('drain', done).off('close', done);
        this.#drained = undefined;
        resolve();
      };
      this.#to.on('drain', done).on('close', done);
    });
  }
}

/**
 * Passes lines on as they are completed, each with the prefix, and reads no faster than the output takes them. Bytes
 * stay bytes and are cut at line ends only, so no character is torn. A last line without an end gets one: the next
 * process's first line would be glued to it. Resolves at the end of `from`, however it ends; never rejects.
 */
export async function forwardLines(from: Readable, output: SharedOutput, prefix = ''): Promise<void> {
  const lines = new LineCollector(prefix);
  try {
    for await (const chunk of from) await output.write(lines.add(chunk as Buffer));
  } catch {
    // The pipe broke or was destroyed: what was read before that is still passed on.
  }
  await output.write(lines.end());
}

class LineCollector {
  readonly #prefix: Buffer;
  #pieces: Buffer[] = [];
  #bytes = 0;

  constructor(prefix: string) {
    this.#prefix = Buffer.from(prefix);
  }

  /** The lines that the chunk completes, in one buffer: one write keeps them together. */
  add(chunk: Buffer): Buffer {
    const lines: Buffer[] = [];
    let from = 0;
    for (let end = chunk.indexOf(lineFeed); end !== -1; end = chunk.indexOf(lineFeed, from)) {
      lines.push(this.#prefix, ...this.#pieces, chunk.subarray(from, end + 1));
      this.#hold(nothing);
      from = end + 1;
    }
    if (from < chunk.length) {
      this.#pieces.push(chunk.subarray(from));
      this.#bytes += chunk.length - from;
    }
    while (this.#bytes > maxLineBytes) lines.push(this.#prefix, this.#breakOff(), lineFeed);
    return Buffer.concat(lines);
  }

  end(): Buffer {
    if (this.#bytes === 0) return nothing;
    return Buffer.concat([this.#prefix, ...this.#pieces, lineFeed]);
  }

  #breakOff(): Buffer {
    const held = Buffer.concat(this.#pieces);
    const end = characterStart(held, maxLineBytes);
    this.#hold(held.subarray(end));
    return held.subarray(0, end);
  }

  #hold(rest: Buffer): void {
    this.#pieces = rest.length === 0 ? [] : [rest];
    this.#bytes = rest.length;
  }
}

/** The last place at or before `at` where a UTF-8 character starts; `at` itself if this is no UTF-8. */
function characterStart(bytes: Buffer, at: number): number {
  const longestTail = 3;
  for (let start = at; start >= at - longestTail; start--) if ((bytes[start]! & 0xc0) !== 0x80) return start;
  return at;
}
