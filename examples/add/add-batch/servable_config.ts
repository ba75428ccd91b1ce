import { addStage, declareModel, registerMethod } from '@serving/worker';

// Dimension 0 of [N, 2, 2] is the batch: clients send [2, 2], and instances of many requests share one model run.
const add = declareModel({ file: 'tensor_add.onnx' });

registerMethod('add_common', { inputs: ['x1', 'x2'], outputs: ['y'] }, (x1, x2) => addStage(add, [x1, x2]));
