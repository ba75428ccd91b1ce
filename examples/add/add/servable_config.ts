import { addStage, declareModel, registerMethod, type Tensor } from '@serving/worker';

/** Pre-processing: the model takes float32 only. */
const toFloat32 = (x1: Tensor, x2: Tensor) => [x1.astype('float32'), x2.astype('float32')];

// Without a batch dimension one instance is a whole model input, so only [2, 2] + [2, 2] is supported.
// The servable `add-batch` beside this one has a batch dimension.
const add = declareModel({ file: 'tensor_add.onnx', withBatchDim: false });

registerMethod('add_common', { inputs: ['x1', 'x2'], outputs: ['y'] }, (x1, x2) => addStage(add, [x1, x2]));

registerMethod('add_cast', { inputs: ['x1', 'x2'], outputs: ['y'] }, (x1, x2) => {
  const [f1, f2] = addStage(toFloat32, [x1, x2], { outputs: 2 });
  return addStage(add, [f1, f2]);
});
