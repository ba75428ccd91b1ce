/**
 * Whether a method can work at all. A value goes by several ports on its way: a declared input, outputs and inputs of
 * models, a declared output. Where they contradict each other, every request would get an error that none of them caused.
 */
import { ServingError, type DataType, type Port } from '@serving/common';
import type {
  MethodDefinition,
  ModelDefinition,
  ModelStageDefinition,
  SourceLine,
} from '../definition/definition.js';
import { fitted, shapeText } from '../models/fit.js';
import type { LoadedGraph, LoadedModel } from '../models/loaded-model.js';
import type { ModelPort } from '../sessions/session.js';

type Models = ReadonlyMap<ModelDefinition, LoadedModel>;
type Shape = readonly (number | string)[];

/** What a port says of the value in a slot. */
interface Claim {
  readonly slot: number;
  /** `input x of model a.onnx`, or `inputs: x` of what is declared. */
  readonly port: string;
  readonly isDeclared: boolean;
  readonly dtype: DataType | undefined;
  readonly shape: Shape | undefined;
  readonly at: SourceLine;
}

/** @throws ServingError LOAD_FAILED when stages, constants and declared ports do not go with the models at them */
export function checkMethod(method: MethodDefinition, models: Models): void {
  for (const stage of method.stages) {
    if (stage.kind !== 'model') continue;
    const graph = graphOf(stage, models);
    checkCount(method, stage, 'inputs', graph);
    checkCount(method, stage, 'outputs', graph);
    checkConstants(method, stage, graph);
  }
  const earlier = new Map<number, Claim[]>();
  for (const claim of claimsOf(method, models)) {
    const others = earlier.get(claim.slot) ?? [];
    for (const other of others) if (!canAgree(claim, other)) throw contradiction(method, claim, other);
    earlier.set(claim.slot, [...others, claim]);
  }
}

export function graphOf(stage: ModelStageDefinition, models: Models): LoadedGraph {
  return models.get(stage.model)!.graphs[stage.subgraph]!;
}

function checkCount(
  method: MethodDefinition,
  stage: ModelStageDefinition,
  what: 'inputs' | 'outputs',
  graph: LoadedGraph,
): void {
  const [given, ports] = [stage[what].length, graph[what]];
  if (given === ports.length) return;
  const names = ports.map((port) => port.name).join(', ');
  const hint = what === 'outputs' ? `; give addStage { outputs: ${ports.length} }` : '';
  throw mistake(
    stage.at,
    `The ${what} count ${given} in method ${method.name} not equal to the count ${ports.length} defined in model ${graph.file} (${names})${hint}`,
  );
}

function checkConstants(method: MethodDefinition, stage: ModelStageDefinition, graph: LoadedGraph): void {
  for (const [index, slot] of stage.inputs.entries()) {
    const constant = method.constants.find((candidate) => candidate.slot === slot);
    if (constant === undefined) continue;
    const input = fitted(index, graph.inputs[index]!, constant.value);
    if (input instanceof ServingError)
      throw mistake(
        stage.at,
        `method ${method.name}: argument ${index + 1} of the stage, a constant, does not fit model ${graph.file}: ${input.message}`,
      );
  }
}

/** In the order in which a value comes by. */
function* claimsOf(method: MethodDefinition, models: Models): Generator<Claim> {
  const { inputs, outputs, stages, at } = method;
  for (const [slot, port] of inputs.entries()) yield declared('inputs', port, slot, at);
  for (const stage of stages) {
    if (stage.kind !== 'model') continue;
    const graph = graphOf(stage, models);
    for (const [index, slot] of stage.inputs.entries())
      yield ofModel('input', graph.inputs[index]!, graph, slot, stage.at);
    for (const [index, slot] of stage.outputs.entries())
      yield ofModel('output', graph.outputs[index]!, graph, slot, stage.at);
  }
  for (const port of outputs) yield declared('outputs', port, port.slot, at);
}

function declared(what: string, { name, dtype, shape }: Port, slot: number, at: SourceLine): Claim {
  return { slot, port: `${what}: ${name}`, isDeclared: true, dtype, shape, at };
}

function ofModel(
  what: string,
  { name, dtype, shape }: ModelPort,
  { file }: LoadedGraph,
  slot: number,
  at: SourceLine,
): Claim {
  return { slot, port: `${what} ${name} of model ${file}`, isDeclared: false, dtype, shape, at };
}

/** Whether some value is what both say. */
function canAgree(a: Claim, b: Claim): boolean {
  if (a.dtype !== undefined && b.dtype !== undefined && a.dtype !== b.dtype) return false;
  return a.shape === undefined || b.shape === undefined || canBeBoth(a.shape, b.shape);
}

/** A symbolic dimension may be any; `[]` and `[1]` are the same scalar. */
function canBeBoth(a: Shape, b: Shape): boolean {
  if (a.length === 0 || b.length === 0) return takesScalar(a) && takesScalar(b);
  const agree = (dimension: number | string, axis: number) =>
    typeof dimension === 'string' || typeof b[axis] === 'string' || dimension === b[axis];
  return a.length === b.length && a.every(agree);
}

function takesScalar(shape: Shape): boolean {
  return shape.length === 0 || (shape.length === 1 && (shape[0] === 1 || typeof shape[0] === 'string'));
}

function contradiction(method: MethodDefinition, later: Claim, earlier: Claim): ServingError {
  const [one, other] = later.isDeclared || !earlier.isDeclared ? [later, earlier] : [earlier, later];
  // What a port leaves open is no part of what is wrong.
  const text = (claim: Claim, beside: Claim) =>
    [claim.dtype ?? beside.dtype ?? [], shapeText(claim.shape ?? beside.shape)].flat().join(' ');
  const [has, otherHas] = [text(one, other), text(other, one)];
  const what = `method ${method.name}: ${one.port}`;
  if (one.isDeclared && !other.isDeclared)
    return mistake(one.at, `${what}: declared ${has}, but the model at it has ${otherHas}`);
  if (one.isDeclared)
    return mistake(
      one.at,
      `${what}: declared ${has}, but the same value is declared ${otherHas} by ${other.port}`,
    );
  return mistake(one.at, `${what} is ${has}, but the same value is ${other.port}, ${otherHas}`);
}

function mistake(at: SourceLine, what: string): ServingError {
  return new ServingError('LOAD_FAILED', `${at ?? 'servable_config'}: ${what}`);
}
