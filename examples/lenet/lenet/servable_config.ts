/** Handwritten digits: the bytes of a picture in, the digit and how probable each digit is out. */
import { addStage, argmax, declareModel, decodeImage, registerMethod } from '@serving/worker';

const lenet = declareModel({ file: 'lenet.onnx', warmUp: true });

registerMethod(
  'predict',
  {
    inputs: { image: { dtype: 'bytes', shape: [] } },
    outputs: { label: { dtype: 'int64', shape: [] }, scores: { dtype: 'float32', shape: [10] } },
  },
  ({ image }) => {
    const pixels = addStage(decodeImage({ width: 28, height: 28, channels: 'grey' }), [image]);
    const scores = addStage(lenet, [pixels]);
    const label = addStage(argmax(), [scores]);
    return { label, scores };
  },
);
