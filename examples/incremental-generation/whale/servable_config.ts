/** Text in, what follows it out: one model of two graphs, the first for the prompt, the second for each token after it. */
import {
  addStage,
  declareModel,
  InputError,
  registerMethod,
  type Placeholder,
  type Subgraph,
  type Tensor,
} from '@serving/worker';
import { drawing, mostProbable } from './choose.js';
import { tokenOf } from './letters.js';
import { context, Text, type GraphOutputs } from './text.js';

const model = declareModel({ file: ['prompt.onnx', 'token.onnx'], warmUp: true });
const [promptGraph, tokenGraph] = [model.subgraph(0), model.subgraph(1)];

const hottest = 10;

/** Letters → tokens. Its own stage, so that what makes no sense is an error before any model runs. */
function readPrompt(prompt: string, maxLength: Tensor, temperature: Tensor): BigInt64Array {
  const letters = Array.from(prompt);
  const [length, heat] = [maxLength.dataAs('int64')[0]!, temperature.dataAs('float32')[0]!];
  if (letters.length === 0) throw new InputError('expected a prompt of at least one letter, given none');
  if (length < 1n) throw new InputError(`expected a max_length of at least 1, given ${length}`);
  if (BigInt(letters.length) + length > context)
    throw new InputError(
      `expected a prompt and a max_length of at most ${context} letters together, given ${letters.length} and ${length}`,
    );
  if (!(heat >= 0 && heat <= hottest))
    throw new InputError(`expected a temperature from 0 to ${hottest}, given ${heat}`);
  return BigInt64Array.from(letters, (letter) => BigInt(tokenOf(letter)));
}

type Instance = readonly [prompt: Tensor, maxLength: Tensor, temperature: Tensor, seed: Tensor];

function textFor([prompt, maxLength, temperature, seed]: Instance): Text {
  const heat = temperature.dataAs('float32')[0]!;
  const choose =
    heat === 0 ? mostProbable : drawing(heat, Number(BigInt.asIntN(32, seed.dataAs('int64')[0]!)));
  return new Text(Array.from(prompt.dataAs('int64'), Number), Number(maxLength.data[0]), choose);
}

/** Runs a graph for all texts, those of one padded length together, so that each has a letter more. */
async function run(graph: Subgraph, texts: readonly Text[], inputs: (text: Text) => Tensor[]) {
  const outputs = await graph.callBatch<GraphOutputs>(texts.map(inputs));
  for (const [index, text] of texts.entries()) text.take(outputs[index]!);
}

const runWhole = (texts: readonly Text[]) => run(promptGraph, texts, (text) => text.whole());
const runLast = (texts: readonly Text[]) => run(tokenGraph, texts, (text) => text.last());
const goingOn = (texts: readonly Text[]) => texts.filter((text) => text.goesOn);

/** The prompts of all texts of a batch, then a letter of each at a time, for as long as they go on. */
async function write(instances: readonly Instance[], runNext: typeof runLast) {
  const texts = instances.map(textFor);
  await runWhole(texts);
  for (let open = goingOn(texts); open.length > 0; open = goingOn(open)) await runNext(open);
  return texts.map(({ written, tokensRun }) => [written, BigInt(tokensRun)]);
}

const generate = (instances: readonly Instance[]) => write(instances, runLast);
/** Every letter costs a run over the whole text before it. */
const generateWithoutCache = (instances: readonly Instance[]) => write(instances, runWhole);

/** Each letter as soon as it is there. */
async function* generateStream(...instance: Instance) {
  const text = textFor(instance);
  let before = 0;
  await runWhole([text]);
  for (;;) {
    if (text.piece !== '') yield [text.piece, BigInt(text.tokensRun - before)];
    if (!text.goesOn) return;
    before = text.tokensRun;
    await runLast([text]);
  }
}

const ports = {
  inputs: {
    prompt: { dtype: 'string', shape: [] },
    max_length: { dtype: 'int64', shape: [] },
    temperature: { dtype: 'float32', shape: [] },
    seed: { dtype: 'int64', shape: [] },
  },
  outputs: { text: { dtype: 'string', shape: [] }, tokens_run: { dtype: 'int64', shape: [] } },
} as const;

type Inputs = { readonly [name in keyof typeof ports.inputs]: Placeholder };

const withTokens = ({ prompt, max_length, temperature, seed }: Inputs) => {
  const tokens = addStage(readPrompt, [prompt, max_length, temperature]);
  return [tokens, max_length, temperature, seed];
};

registerMethod('generate', ports, (inputs) => {
  const [text, tokens_run] = addStage(generate, withTokens(inputs), { outputs: 2, batchSize: 0 });
  return { text, tokens_run };
});

registerMethod('generate_without_cache', ports, (inputs) => {
  const [text, tokens_run] = addStage(generateWithoutCache, withTokens(inputs), { outputs: 2, batchSize: 0 });
  return { text, tokens_run };
});

registerMethod('generate_stream', { ...ports, streaming: true }, (inputs) => {
  const [text, tokens_run] = addStage(generateStream, withTokens(inputs), { outputs: 2 });
  return { text, tokens_run };
});
