/** Cases run in a child process: with onnxruntime alone, or with a replica of the library. */
import { expect } from '@jest/globals';
import { StringTensor, type Tensor } from '@serving/client';
import { readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { deserialize, serialize } from 'node:v8';
import { startProgram } from '../support/processes.js';
import { temporaryFolder } from '../support/temporary-folder.js';
import type { OperatorCase } from './case.js';
import { casesOf, servableNames } from './families.js';
import { instancesOf, modelOf, outputNames, requestOf, type Inputs } from './model.js';
import type { Outcome } from './outcome.js';

/** By name of the case. */
export type Outcomes = ReadonlyMap<string, Outcome>;

export function runDirectly(): Promise<Outcomes> {
  return runChild('direct-run.mjs', []);
}

/** @param directory that holds the servables */
export function runInReplicas(directory: string): Promise<Outcomes> {
  return runChild('replica-run.mjs', [directory]);
}

async function runChild(script: string, args: readonly string[]): Promise<Outcomes> {
  const folder = temporaryFolder();
  const plan = join(folder, 'plan');
  const results = join(folder, 'results');
  const planned = servableNames.map((name) => [name, casesOf(name).map(plannedCase)]);
  writeFileSync(plan, serialize(Object.fromEntries(planned)));
  const program = startProgram(fileURLToPath(new URL(script, import.meta.url)), [plan, results, ...args]);
  const { code } = await program.ended;
  expect({ code, stderr: program.stderr }).toEqual({ code: 0, stderr: '' });
  const outcomes = deserialize(readFileSync(results)) as Outcome[];
  return new Map(outcomes.map((outcome) => [outcome.name, outcome]));
}

/** In a form that can be written to a file. */
function plannedCase(operatorCase: OperatorCase) {
  return {
    name: operatorCase.name,
    model: modelOf(operatorCase),
    outputs: outputNames(operatorCase),
    instances: instancesOf(operatorCase).map(plannedInputs),
    requests: instancesOf(operatorCase).map((inputs) => plannedInputs(requestOf(operatorCase, inputs))),
  };
}

function plannedInputs(inputs: Inputs | Record<string, Tensor | string>) {
  return Object.entries(inputs).map(([name, value]) => {
    const { dtype, shape, data } = typeof value === 'string' ? new StringTensor([], [value]) : value;
    return { name, dtype, shape, data };
  });
}
