/**
 * What a servable_config is written with: what it gets from `@serving/worker`. The configuration runs once per executor
 * thread when the servable is loaded; module state of it is therefore per executor.
 *
 * ```ts
 * import { addStage, declareModel, registerMethod, type Tensor } from '@serving/worker';
 *
 * const toFloat32 = (x1: Tensor, x2: Tensor) => [x1.astype('float32'), x2.astype('float32')];
 * const add = declareModel({ file: 'tensor_add.onnx', withBatchDim: false });
 *
 * registerMethod('add_cast', { inputs: ['x1', 'x2'], outputs: ['y'] }, (x1, x2) => {
 *   const [f1, f2] = addStage(toFloat32, [x1, x2], { outputs: 2 });
 *   return addStage(add, [f1, f2]);
 * });
 * ```
 */
export {
  BytesTensor,
  InputError,
  StringTensor,
  Tensor,
  type Batching,
  type DataType,
  type NumericType,
  type TypedArray,
  type TypedArrays,
  type Value,
} from '@serving/common';
export type { SessionSettings, StageFunction } from '../definition/definition.js';
export { addStage, type StageInput, type StageOptions, type StageOutputs } from './add-stage.js';
export { declareModel, type ModelOptions } from './declare-model.js';
export { Model, Subgraph } from './model.js';
export { Placeholder } from './placeholder.js';
export {
  registerMethod,
  type MethodInputs,
  type MethodOptions,
  type MethodOutputs,
  type InputNames,
  type PaddedPortOptions,
  type PortNames,
  type PortOptions,
} from './register-method.js';
export type { PadOptions } from './padded-inputs.js';
export { base64Decode, base64Encode } from '../stages/base64.js';
export { decodeImage } from '../stages/decode-image.js';
export { imageGeometry } from '../stages/image-geometry.js';
export type { ImageOptions } from '../stages/image-options.js';
export { softmax } from '../stages/softmax.js';
export { argmax, readLabels, topK, topLabels, type LabelOptions } from '../stages/top-k.js';
