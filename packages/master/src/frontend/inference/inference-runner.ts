/** Runs inference requests, from whichever front end: model name → route, tensors → instances → tensors. */
import { ServingError, type Clock } from '@serving/common';
import type { PredictEndpoint, PredictRequest } from '../predict-endpoint.js';
import type { Model, Models } from '../inference-models/models.js';
import { predictRequest, type Caller } from './block-request.js';
import { classified } from './classification.js';
import type { InferRequest, InferResponse, OutputTensor, RequestedOutput } from './infer-request.js';
import { noParameters } from './infer-request.js';
import { classesIn, deadlineIn, priorityIn } from './parameters.js';
import { readInputs } from './read-inputs.js';
import { stackOutputs } from './stack-outputs.js';

export interface InferenceSettings {
  readonly models: Models;
  readonly endpoint: PredictEndpoint;
  readonly clock: Clock;
}

interface Prepared {
  readonly model: Model;
  readonly outputs: readonly RequestedOutput[];
  readonly predict: PredictRequest;
}

export class InferenceRunner {
  readonly #settings: InferenceSettings;

  constructor(settings: InferenceSettings) {
    this.#settings = settings;
  }

  /** A front end's own reading of a request. @throws whatever `read` throws, which counts as a refusal */
  read<Request>(read: () => Request): Request {
    return this.#settings.endpoint.countRefusals(read);
  }

  /** Rejects with the ServingError of whatever is wrong with the request or failed. */
  async infer(caller: Caller, request: InferRequest): Promise<InferResponse> {
    const { endpoint } = this.#settings;
    const { model, outputs, predict } = endpoint.countRefusals(() => this.#prepare(caller, request));
    const { route } = model;
    const outcomes = await endpoint.predict(predict);
    const names = outputs.map(({ name }) => name);
    const stacked = stackOutputs(route.method, names, outcomes);
    return {
      model: model.name,
      version: route.version,
      id: request.id,
      outputs: answers(model, outputs, stacked),
    };
  }

  #prepare(caller: Caller, request: InferRequest): Prepared {
    const { models, clock } = this.#settings;
    const { parameters } = request;
    const model = models.ready(request.model, request.version);
    const outputs = requestedOutputs(model, request.outputs);
    const predict = predictRequest(caller, {
      route: model.route,
      block: readInputs(model, request.inputs),
      retainedBytes: request.retainedBytes,
      deadline: deadlineIn(parameters, caller.deadline, clock),
      priority: priorityIn(parameters),
    });
    return { model, outputs, predict };
  }
}

/** @throws ServingError INPUT_MISMATCH */
function requestedOutputs(
  { name, route }: Model,
  requested: readonly RequestedOutput[],
): readonly RequestedOutput[] {
  const known = route.method.outputs.map((port) => port.name);
  if (requested.length === 0) return known.map((output) => ({ name: output, parameters: noParameters }));
  for (const [index, output] of requested.entries()) {
    if (!known.includes(output.name))
      throw new ServingError(
        'INPUT_MISMATCH',
        `unexpected inference output '${output.name}' for model '${name}'; expected ${known.join(', ') || 'none'}`,
      );
    if (requested.findIndex((other) => other.name === output.name) !== index)
      throw new ServingError(
        'INPUT_MISMATCH',
        `output '${output.name}' is asked for twice of model '${name}'`,
      );
    classesIn(output.parameters);
  }
  return requested;
}

function answers(
  { route }: Model,
  requested: readonly RequestedOutput[],
  stacked: readonly OutputTensor[],
): OutputTensor[] {
  return stacked.map((tensor, index) => {
    const most = classesIn(requested[index]!.parameters);
    return most === 0 ? tensor : classified(route.method, tensor, most);
  });
}
