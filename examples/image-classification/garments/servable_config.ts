/** Garments: the bytes of a picture in, what it shows out. One method per way of putting the same steps together. */
import {
  addStage,
  declareModel,
  decodeImage,
  readLabels,
  registerMethod,
  softmax,
  topLabels,
  type Tensor,
} from '@serving/worker';

const labels = readLabels(new URL('labels.txt', import.meta.url));
const model = declareModel({ file: 'model.onnx', warmUp: true });

const decode = decodeImage({
  width: 32,
  height: 32,
  mean: [0.485, 0.456, 0.406],
  std: [0.229, 0.224, 0.225],
});
const best = topLabels({ labels });

const inputs = { image: { dtype: 'bytes', shape: [] } } as const;
const outputs = { label: { dtype: 'string', shape: [] } } as const;

registerMethod('classify_top1', { inputs, outputs }, ({ image }) => {
  const logits = addStage(model, [addStage(decode, [image])]);
  const [label] = addStage(best, [logits], { outputs: 2 });
  return { label };
});

/** Given several pictures at a time; what is thrown at one costs that picture only, as this is a generator. */
async function* decodeEach(instances: readonly [image: Uint8Array][]): AsyncGenerator<Tensor> {
  for (const [image] of instances) yield await decode(image);
}

/** Given the logits of all pictures of a batch; a function that is no generator returns as many results. */
function nameAll(instances: readonly [logits: Tensor][]): string[] {
  return instances.map(([logits]) => best(logits)[0]);
}

registerMethod('classify_top1_batch', { inputs, outputs }, ({ image }) => {
  const pixels = addStage(decodeEach, [image], { batchSize: 4 });
  const label = addStage(nameAll, [addStage(model, [pixels])], { batchSize: 0 });
  return { label };
});

async function classify(image: Uint8Array): Promise<string> {
  const [logits] = await model.call<[logits: Tensor]>(await decode(image));
  return best(logits)[0];
}

registerMethod('classify_top1_call', { inputs, outputs }, ({ image }) => ({
  label: addStage(classify, [image]),
}));

registerMethod(
  'classify_top5',
  {
    inputs,
    outputs: { labels: { dtype: 'string', shape: [] }, scores: { dtype: 'float32', shape: [5] } },
  },
  ({ image }) => {
    const logits = addStage(model, [addStage(decode, [image])]);
    const five = topLabels({ labels, k: 5 });
    const [names, scores] = addStage(five, [addStage(softmax(), [logits])], { outputs: 2 });
    return { labels: names, scores };
  },
);
