/** Text in, what follows it out: a loop around a model that knows one letter at a time, and has its state from the last. */
import { readFileSync } from 'node:fs';
import { addStage, argmax, declareModel, InputError, registerMethod, Tensor } from '@serving/worker';

const verses = declareModel({ file: 'verses.onnx', warmUp: true });
const vocabulary = JSON.parse(
  readFileSync(new URL('vocabulary.json', import.meta.url), 'utf8'),
) as readonly string[];
type ModelOutputs = [logits: Tensor, state: Tensor];

const end = 0n;
const longest = 1000n;
const best = argmax();

/** Letters → tokens. Its own stage, so that a prompt that makes no sense is an error before any model runs. */
function readPrompt(prompt: string, maxLength: Tensor): BigInt64Array {
  const length = maxLength.dataAs('int64')[0]!;
  if (length < 1n || length > longest)
    throw new InputError(`expected a max_length from 1 to ${longest}, given ${length}`);
  if (prompt === '') throw new InputError('expected a prompt of at least one letter, given none');
  return BigInt64Array.from(prompt, (letter) => {
    const token = vocabulary.indexOf(letter);
    if (token === -1) throw new InputError(`expected letters that the verses have, given '${letter}'`);
    return BigInt(token);
  });
}

/** A text on its way through the model: first the prompt, then what the model writes. */
class Text {
  written = '';
  readonly #prompt: bigint[];
  readonly #maxLength: number;
  #token: bigint | undefined;
  #state = new Tensor('float32', [128], new Float32Array(128));

  constructor(prompt: Tensor, maxLength: Tensor) {
    this.#prompt = Array.from(prompt.dataAs('int64'));
    this.#maxLength = Number(maxLength.data[0]);
    this.#token = this.#prompt.shift();
  }

  /** What the model is to run on next; undefined at the end. */
  get next(): [token: Tensor, state: Tensor] | undefined {
    if (this.#token === undefined) return undefined;
    return [new Tensor('int64', [1], BigInt64Array.of(this.#token)), this.#state];
  }

  /** Goes on with what the model made of it. */
  take([logits, state]: ModelOutputs): void {
    this.#state = state;
    this.#token = this.#prompt.shift() ?? this.#write(best(logits).dataAs('int64')[0]!);
  }

  #write(token: bigint): bigint | undefined {
    if (token === end) return undefined;
    this.written += vocabulary[Number(token)];
    return this.written.length < this.#maxLength ? token : undefined;
  }
}

/** One text by itself. */
async function write(prompt: Tensor, maxLength: Tensor): Promise<string> {
  const text = new Text(prompt, maxLength);
  for (let next = text.next; next !== undefined; next = text.next)
    text.take(await verses.call<ModelOutputs>(...next));
  return text.written;
}

/** All texts of a batch, a letter of each in one run of the model, for as long as they go on. */
async function writeTogether(instances: readonly [prompt: Tensor, maxLength: Tensor][]): Promise<string[]> {
  const texts = instances.map(([prompt, maxLength]) => new Text(prompt, maxLength));
  for (;;) {
    const open = texts.flatMap((text) => (text.next === undefined ? [] : [{ text, next: text.next }]));
    if (open.length === 0) return texts.map(({ written }) => written);
    const outputs = await verses.callBatch<ModelOutputs>(open.map(({ next }) => next));
    for (const [index, { text }] of open.entries()) text.take(outputs[index]!);
  }
}

const ports = {
  inputs: { prompt: { dtype: 'string', shape: [] }, max_length: { dtype: 'int64', shape: [] } },
  outputs: { text: { dtype: 'string', shape: [] } },
} as const;

registerMethod('generate', ports, ({ prompt, max_length }) => {
  const tokens = addStage(readPrompt, [prompt, max_length]);
  return { text: addStage(write, [tokens, max_length]) };
});

registerMethod('generate_together', ports, ({ prompt, max_length }) => {
  const tokens = addStage(readPrompt, [prompt, max_length]);
  return { text: addStage(writeTogether, [tokens, max_length], { batchSize: 0 }) };
});
