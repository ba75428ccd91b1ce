/** y = x1 + x2 - x3: two models one after another, alone and with functions before, between and after them. */
import { addStage, declareModel, registerMethod, Tensor } from '@serving/worker';

const add = declareModel({ file: 'tensor_add.onnx' });
const sub = declareModel({ file: 'tensor_sub.onnx' });

const inputs = ['x1', 'x2', 'x3'] as const;

registerMethod('add_sub', { inputs, outputs: ['y'] }, (x1, x2, x3) => {
  const sum = addStage(add, [x1, x2]);
  return addStage(sub, [sum, x3]);
});

/** Numbers of any type, as the models take them. */
const toFloat32 = (...values: Tensor[]) => values.map((value) => value.astype('float32'));

/** Nothing below zero. */
const clip = (value: Tensor) =>
  new Tensor(
    'float32',
    value.shape,
    Float32Array.from(value.dataAs('float32'), (element) => Math.max(0, element)),
  );

const toInt32 = (value: Tensor) => value.astype('int32');

registerMethod('add_sub_clipped', { inputs, outputs: ['sum', 'y'] }, (x1, x2, x3) => {
  const [f1, f2, f3] = addStage(toFloat32, [x1, x2, x3], { outputs: 3 });
  const sum = addStage(clip, [addStage(add, [f1, f2])]);
  const y = addStage(clip, [addStage(sub, [sum, f3])]);
  return [addStage(toInt32, [sum]), addStage(toInt32, [y])];
});
