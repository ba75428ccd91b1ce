/** The bytes of a picture in, the handwritten digits in it out: where they are, which, and how sure that is. */
import {
  addStage,
  declareModel,
  decodeImage,
  imageGeometry,
  InputError,
  registerMethod,
  Tensor,
  type Placeholder,
  type StageInput,
} from '@serving/worker';
import { candidates, inPicture } from './candidates.js';
import { suppress } from './nms.js';

/** The model would take other sizes as well; this is the one that it was trained on. */
const side = 128;
/** Pictures keep their proportions: black beside them, or above and below, makes them squares. */
const letterbox = { width: side, height: side, fit: 'contain', channels: 'grey' } as const;

const detector = declareModel({
  file: 'detector.onnx',
  warmUp: true,
  session: { freeDimensions: { height: side, width: side } },
});

/** Checked by a stage of its own, the first one: a request that asks for nonsense costs no decoding and no run of the model. */
function checkThresholds(score: Tensor, iou: Tensor): [score: Tensor, iou: Tensor] {
  for (const [name, { data }] of Object.entries({ score_threshold: score, iou_threshold: iou })) {
    const value = Number(data[0]);
    if (!(value >= 0 && value <= 1))
      throw new InputError(`${name}: expected a number from 0 to 1, given ${value}`);
  }
  return [score, iou];
}

function detections(
  objectness: Tensor,
  classes: Tensor,
  boxes: Tensor,
  area: Tensor,
  size: Tensor,
  score: Tensor,
  iou: Tensor,
): [boxes: Tensor, labels: BigInt64Array, scores: Float32Array] {
  const all = candidates({ objectness, classes, boxes }, Number(score.data[0]));
  const found = suppress(all, Number(iou.data[0])).map((each) => inPicture(each, side, area, size));
  const corners = Float32Array.from(found.flatMap(({ x1, y1, x2, y2 }) => [x1, y1, x2, y2]));
  return [
    new Tensor('float32', [found.length, 4], corners),
    BigInt64Array.from(found, ({ label }) => BigInt(label)),
    Float32Array.from(found, (each) => each.score),
  ];
}

function detect(image: Placeholder, score: StageInput, iou: StageInput) {
  const pixels = addStage(decodeImage(letterbox), [image]);
  const [area, size] = addStage(imageGeometry(letterbox), [image], { outputs: 2 });
  const cells = addStage(detector, [pixels], { outputs: 3 });
  const [boxes, labels, scores] = addStage(detections, [...cells, area, size, score, iou], { outputs: 3 });
  return { boxes, labels, scores };
}

const image = { dtype: 'bytes', shape: [] } as const;
const threshold = { dtype: 'float32', shape: [] } as const;
const outputs = {
  boxes: { dtype: 'float32', shape: ['detections', 4] },
  labels: { dtype: 'int64', shape: ['detections'] },
  scores: { dtype: 'float32', shape: ['detections'] },
} as const;

registerMethod(
  'detect',
  { inputs: { image, score_threshold: threshold, iou_threshold: threshold }, outputs },
  (inputs) => {
    const thresholds = [inputs.score_threshold, inputs.iou_threshold] as const;
    const [score, iou] = addStage(checkThresholds, thresholds, { outputs: 2 });
    return detect(inputs.image, score, iou);
  },
);

const half = new Tensor('float32', [], Float32Array.of(0.5));

registerMethod('detect_default', { inputs: { image }, outputs }, (inputs) =>
  detect(inputs.image, half, half),
);
