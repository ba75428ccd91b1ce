/** How a model is set up, as ModelConfig tells it: what its servable declares and its workers can run. */
import { modelConfig, type MethodSignature, type Port } from '@serving/common';
import { configTypeOf } from './data-types.js';
import { platform } from './metadata.js';
import { instanceDims, isBatched } from './model-shapes.js';
import type { Model } from './models.js';
import { levelOfPriority, priorityLevels } from './priority-levels.js';

const backend = 'onnxruntime';
/** Of a message nothing of which is set. */
const nothing = new Uint8Array(0);

export function configOf({ name, route, entry }: Model): modelConfig.ModelConfig {
  const { method, batching } = route;
  return {
    ...modelConfig.ModelConfig.decode(nothing),
    name,
    platform,
    backend,
    versionPolicy: { policyChoice: { $case: 'all', value: {} } },
    maxBatchSize: isBatched(method) ? batching.maxBatchSize : 0,
    input: method.inputs.map(inputOf),
    output: method.outputs.map(outputOf),
    instanceGroup: [instanceGroup(name, entry.executors)],
    schedulingChoice: isBatched(method)
      ? { $case: 'dynamicBatching', value: dynamicBatching(route) }
      : undefined,
    // Clients read these two without asking whether they are there.
    modelTransactionPolicy: { decoupled: method.streaming === true },
    responseCache: { enable: false },
  };
}

function inputOf(port: Port): modelConfig.ModelInput {
  return {
    ...modelConfig.ModelInput.decode(nothing),
    name: port.name,
    dataType: configTypeOf(port.dtype),
    dims: instanceDims(port).map(BigInt),
  };
}

function outputOf(port: Port): modelConfig.ModelOutput {
  return {
    ...modelConfig.ModelOutput.decode(nothing),
    name: port.name,
    dataType: configTypeOf(port.dtype),
    dims: instanceDims(port).map(BigInt),
  };
}

/** What its workers can run at a time, on whatever device they are. */
function instanceGroup(name: string, count: number): modelConfig.ModelInstanceGroup {
  return { ...modelConfig.ModelInstanceGroup.decode(nothing), name, count };
}

function dynamicBatching({
  method,
  batching,
}: {
  readonly method: MethodSignature;
  readonly batching: Model['route']['batching'];
}): modelConfig.ModelDynamicBatching {
  return {
    ...modelConfig.ModelDynamicBatching.decode(nothing),
    preferredBatchSize: [...batching.preferredBatchSizes],
    maxQueueDelayMicroseconds: BigInt(Math.round((batching.maxQueueDelayMs ?? 0) * 1000)),
    priorityLevels: BigInt(priorityLevels),
    defaultPriorityLevel: BigInt(levelOfPriority(method.batching?.priority ?? 0)),
    defaultQueuePolicy: { ...modelConfig.ModelQueuePolicy.decode(nothing), allowTimeoutOverride: true },
  };
}
