/** Which instances a model runs together: those of one shape that agree in their shared inputs, as many as it takes. */
import { asBytes, ServingError, Tensor, type Value } from '@serving/common';
import type { ModelTensor } from '../sessions/session.js';
import { fitted } from './fit.js';
import type { LoadedGraph } from './loaded-model.js';

export interface Group {
  /** Positions of the instances. */
  readonly members: number[];
  /** Per member the model's inputs, in the model's own shapes. */
  readonly inputs: (readonly ModelTensor[])[];
}

/**
 * @param instances by position, the values of each
 * @param refuse told of each instance that does not fit
 */
export function groupsThatFit(
  graph: LoadedGraph,
  instances: Iterable<readonly [position: number, values: readonly Value[]]>,
  refuse: (position: number, error: ServingError) => void,
): Group[] {
  const limit = graph.batched ? graph.batchSize || Infinity : 1;
  /** Groups with room, by the shapes of their inputs. */
  const open = new Map<string, Group[]>();
  const groups: Group[] = [];
  for (const [position, values] of instances) {
    const inputs = fittedInputs(graph, values);
    if (inputs instanceof ServingError) {
      refuse(position, inputs);
      continue;
    }
    const key = limit === 1 ? '' : inputs.map((input) => input.shape.join()).join(';');
    const candidates = open.get(key) ?? [];
    let group = candidates.find(
      (candidate) => candidate.members.length < limit && canShare(graph, candidate, inputs),
    );
    if (group === undefined) {
      group = { members: [], inputs: [] };
      groups.push(group);
      candidates.push(group);
      if (limit > 1) open.set(key, candidates);
    }
    group.members.push(position);
    group.inputs.push(inputs);
    if (group.members.length === limit && limit > 1) candidates.splice(candidates.indexOf(group), 1);
  }
  return groups;
}

function fittedInputs(graph: LoadedGraph, values: readonly Value[]): ModelTensor[] | ServingError {
  const inputs: ModelTensor[] = [];
  for (const [index, port] of graph.inputs.entries()) {
    const input = fitted(index, port, values[index]!);
    if (input instanceof ServingError) return input;
    inputs.push(input);
  }
  return inputs;
}

/** Inputs without a batch dimension have one value per run: it has to be the same for all, byte by byte. */
function canShare({ sharedInputs }: LoadedGraph, group: Group, inputs: readonly ModelTensor[]): boolean {
  for (const index of sharedInputs) if (!sameValue(group.inputs[0]![index]!, inputs[index]!)) return false;
  return true;
}

function sameValue(a: ModelTensor, b: ModelTensor): boolean {
  if (a instanceof Tensor)
    return b instanceof Tensor && Buffer.compare(asBytes(a.data), asBytes(b.data)) === 0;
  return !(b instanceof Tensor) && a.data.every((element, index) => element === b.data[index]);
}

export function halves({ members, inputs }: Group): Group[] {
  const middle = members.length >> 1;
  return [
    { members: members.slice(0, middle), inputs: inputs.slice(0, middle) },
    { members: members.slice(middle), inputs: inputs.slice(middle) },
  ];
}
