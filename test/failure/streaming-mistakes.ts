/** Mistakes in methods that give many responses: what is written from line 2 on → the error. */

const inStreaming = (body: string) =>
  `registerMethod('m', { inputs: ['x'], outputs: ['y'], streaming: true }, (x) => {\n${body}\n});`;

export const streamingMistakes: Readonly<
  Record<string, { readonly config: string; readonly error: string }>
> = {
  'a word on streaming that is no truth value': {
    config: `registerMethod('m', { inputs: [], outputs: [], streaming: 1 }, () => []);`,
    error: 's/servable_config.ts:2: method m: streaming: expected true or false, given 1',
  },
  'a streaming method without a stage': {
    config: `registerMethod('m', { inputs: ['x'], outputs: ['y'], streaming: true }, (x) => x);`,
    error:
      's/servable_config.ts:2: method m: streaming: expected a last stage that yields the responses, a function without a batchSize; given no stage',
  },
  'a streaming method that ends with a model': {
    config: inStreaming("return addStage(declareModel({ file: 'a.onnx' }), [x]);"),
    error:
      's/servable_config.ts:2: method m: streaming: expected a last stage that yields the responses, a function without a batchSize; given model a.onnx (s/servable_config.ts:3)',
  },
  'a streaming method that ends with a function of many instances': {
    config: inStreaming('return addStage(function* each() { yield 1; }, [x], { batchSize: 0 });'),
    error:
      's/servable_config.ts:2: method m: streaming: expected a last stage that yields the responses, a function without a batchSize; given function each with a batchSize (s/servable_config.ts:3)',
  },
  'a streaming method that ends with a ready-made stage': {
    config: `import { argmax } from '@serving/worker';\n${inStreaming('return addStage(argmax(), [x]);')}`,
    error:
      's/servable_config.ts:3: method m: streaming: expected a last stage that yields the responses, a function without a batchSize; given function argmax (s/servable_config.ts:4)',
  },
  'a streaming method with an output from elsewhere': {
    config: inStreaming('addStage(function* each() { yield 1; }, [x]);\nreturn x;'),
    error:
      's/servable_config.ts:2: method m: streaming: expected every output to come from the last stage, function each (s/servable_config.ts:3); output y does not',
  },
  'a streaming method with a generator before the last stage': {
    config: inStreaming(
      'const y = addStage(function* early() { yield 1; }, [x]);\nreturn addStage(function* each() { yield 1; }, [y]);',
    ),
    error:
      's/servable_config.ts:2: method m: streaming: expected no generator without a batchSize before the last stage; given function early (s/servable_config.ts:3)',
  },
};
