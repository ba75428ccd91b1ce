/** Runs inference requests, from whichever front end: model name → route, tensors → instances → tensors. */
import { ServingError, type BlockRange, type Clock } from '@serving/common';
import type { CollectedOutcome } from '../../call/reply-collector.js';
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
  readonly #oneResponse: string;

  /** @param oneResponse what has a form for one response only, in words that begin a sentence */
  constructor(settings: InferenceSettings, oneResponse: string) {
    this.#settings = settings;
    this.#oneResponse = oneResponse;
  }

  /** A front end's own reading of a request. @throws whatever `read` throws, which counts as a refusal */
  read<Request>(read: () => Request): Request {
    return this.#settings.endpoint.countRefusals(read);
  }

  /** Rejects with the ServingError of whatever is wrong with the request or failed. */
  async infer(caller: Caller, request: InferRequest): Promise<InferResponse> {
    const { endpoint } = this.#settings;
    const prepared = endpoint.countRefusals(() => this.#unary(this.#prepare(caller, request)));
    return responseOf(request, prepared, await endpoint.predict(prepared.predict));
  }

  /** In the words of Triton, which calls a method that gives many responses decoupled. */
  #unary(prepared: Prepared): Prepared {
    const { name, route } = prepared.model;
    if (route.method.streaming !== true) return prepared;
    throw new ServingError(
      'UNSUPPORTED',
      `${this.#oneResponse} doesn't support models with decoupled transaction policy; '${name}' gives many responses to a request: expected ModelStreamInfer`,
    );
  }

  /** Whether the request is for a method that gives many responses. Of one for no method, what runs it says what is wrong. */
  isStreaming({ model, version }: InferRequest): boolean {
    try {
      return this.#settings.models.find(model, version).route.method.streaming === true;
    } catch {
      return false;
    }
  }

  /**
   * Runs a request that `isStreaming`. Resolves with a response without outputs once there are no more.
   * @param take takes each response; what it gives is the error that the request is to end with
   */
  async stream(
    caller: Caller,
    request: InferRequest,
    take: (response: InferResponse) => ServingError | undefined,
  ): Promise<InferResponse> {
    const { endpoint } = this.#settings;
    const prepared = endpoint.countRefusals(() => ofOneInstance(this.#prepare(caller, request)));
    const takeResponse = (outputs: BlockRange) => {
      try {
        return take(responseOf(request, prepared, [{ first: 0, count: 1, outcome: { ok: true, outputs } }]));
      } catch (thrown) {
        return ServingError.from(thrown);
      }
    };
    const [end] = await endpoint.predict(prepared.predict, takeResponse);
    if (!end!.outcome.ok) throw end!.outcome.error;
    return responseOf(request, { ...prepared, outputs: [] }, []);
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

/** @throws ServingError INPUT_MISMATCH */
function ofOneInstance(prepared: Prepared): Prepared {
  const { count } = prepared.predict;
  if (count === 1) return prepared;
  throw new ServingError(
    'INPUT_MISMATCH',
    `model '${prepared.model.name}' gives many responses, which do not tell of which instance they are: expected a request of one instance, given ${count}`,
  );
}

/** @throws ServingError that of the instances, or of outputs that cannot be answered with */
function responseOf(
  { id }: InferRequest,
  { model, outputs }: Prepared,
  outcomes: readonly CollectedOutcome[],
): InferResponse {
  const { route, name } = model;
  const names = outputs.map((output) => output.name);
  const stacked = stackOutputs(route.method, names, outcomes);
  return { model: name, version: route.version, id, outputs: answers(model, outputs, stacked) };
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
