/** The bytes of a picture in, the text in it out: one model finds lines, and another reads them. */
import { addStage, declareModel, registerMethod, type Tensor } from '@serving/worker';
import { detectionInput, textBoxes } from './detection.js';
import { openPicture, type Box } from './pictures.js';
import { readLine, recognitionInputs } from './recognition.js';

const detection = declareModel({ file: 'detection.onnx' });
const recognition = declareModel({ file: 'recognition.onnx' });

function boxesOf(boxes: Tensor): Box[] {
  const numbers = boxes.dataAs('int32');
  return Array.from({ length: boxes.shape[0]! }, (_, index) => {
    const [left, top, width, height] = numbers.subarray(4 * index, 4 * index + 4);
    return { left: left!, top: top!, width: width!, height: height! };
  });
}

/** All lines of the picture in one run of the model. */
async function readLines(picture: Tensor, boxes: Tensor): Promise<[text: string, scores: Float32Array]> {
  const inputs = await recognitionInputs(picture, boxesOf(boxes));
  if (inputs.length === 0) return ['', new Float32Array(0)];
  const outputs = await recognition.callBatch<[scores: Tensor]>(inputs.map((input) => [input]));
  const lines = outputs.map(([scores]) => readLine(scores));
  return [lines.map(({ text }) => text).join('\n'), Float32Array.from(lines, ({ score }) => score)];
}

registerMethod(
  'read',
  {
    inputs: { image: { dtype: 'bytes', shape: [] } },
    outputs: {
      text: { dtype: 'string', shape: [] },
      scores: { dtype: 'float32', shape: ['lines'] },
      boxes: { dtype: 'int32', shape: ['lines', 4] },
    },
  },
  ({ image }) => {
    const picture = addStage(openPicture, [image]);
    const map = addStage(detection, [addStage(detectionInput, [picture])]);
    const boxes = addStage(textBoxes, [map, picture]);
    const [text, scores] = addStage(readLines, [picture, boxes], { outputs: 2 });
    return { text, scores, boxes };
  },
);
