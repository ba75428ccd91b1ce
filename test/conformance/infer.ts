/** Asks a server for cases, as a program that uses the client does. */
import { asBytes } from '@serving/common';
import {
  Client,
  outputsOf,
  StringTensor,
  Tensor,
  tensor,
  type InferResult,
  type Instance,
} from '@serving/client';
import type { Master } from '../support/processes.js';
import type { OperatorCase } from './case.js';
import type { Outcomes } from './child-runs.js';
import { families } from './families.js';
import { instancesOf, requestOf } from './model.js';
import type { Outcome, Output } from './outcome.js';

/** How many requests wait at a time: enough that some of them share their way, few enough to be answered in time. */
const inFlight = 16;

export async function inferAll(master: Master, family: string): Promise<Outcomes> {
  const { servable, cases } = families[family]!;
  const outcomes = new Map<string, Outcome>();
  const queue = [...cases];
  const work = async () => {
    for (let next = queue.shift(); next !== undefined; next = queue.shift())
      outcomes.set(next.name, await inferOne(master, servable, next));
  };
  await Promise.all(Array.from({ length: inFlight }, work));
  return outcomes;
}

async function inferOne(master: Master, servable: string, operatorCase: OperatorCase): Promise<Outcome> {
  const { name } = operatorCase;
  const client = new Client(master.address, servable, name);
  try {
    const results = await client.infer(
      instancesOf(operatorCase).map((inputs) => toSend(requestOf(operatorCase, inputs))),
    );
    return { name, instances: results.map(received) };
  } catch (error) {
    return { name, error: String(error) };
  } finally {
    client.close();
  }
}

/** As a caller writes it. */
function toSend(request: Record<string, Tensor | string>): Instance {
  const entries = Object.entries(request);
  return Object.fromEntries(
    entries.map(([name, value]) => [
      name,
      typeof value === 'string' ? value : tensor(value.dtype, value.shape, value.data),
    ]),
  );
}

function received(result: InferResult): Output[] {
  return Object.entries(outputsOf(result)).map(([name, value]) => {
    if (value instanceof Tensor)
      return { name, dtype: value.dtype, shape: value.shape, elements: asBytes(value.data) };
    // Bytes are nothing that a model gives.
    const { dtype, shape, data } =
      typeof value === 'string' ? new StringTensor([], [value]) : (value as StringTensor);
    return { name, dtype, shape, elements: data };
  });
}
