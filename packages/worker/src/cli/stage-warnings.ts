/** What of a loaded servable is hardly meant so, though it can be served: what `serving-worker check` warns of. */
import {
  modelKey,
  type FunctionStageDefinition,
  type MethodDefinition,
  type StageDefinition,
} from '../definition/definition.js';

/** One line each, with file and line. */
export function stageWarnings(methods: Iterable<MethodDefinition>): string[] {
  return [...methods].flatMap((method) =>
    method.stages.flatMap((stage) => {
      const at = stage.at === undefined ? '' : `${stage.at}: `;
      return stageProblems(method, stage).map((problem) => `${at}method ${method.name}: ${problem}`);
    }),
  );
}

function stageProblems(method: MethodDefinition, stage: StageDefinition): string[] {
  const problems = [unusedInputs(stage), unusedOutputs(method, stage), impliedFile(stage)];
  return problems.filter((problem) => problem !== undefined);
}

function unusedInputs(stage: StageDefinition): string | undefined {
  if (stage.kind === 'model') return undefined;
  const { name, inputs, batchSize } = stage;
  const taken = parametersOf(stage);
  if (taken === undefined || taken >= (batchSize === undefined ? inputs.length : 1)) return undefined;
  const given = batchSize === undefined ? inputs.length : 'the list of instances, as it has a batchSize';
  return `function ${name} takes ${taken === 0 ? 'no' : taken} input${taken === 1 ? '' : 's'}, given ${given}`;
}

/**
 * How many arguments a function takes at most. Undefined where its text does not say so: with parameters that have defaults
 * or stand for the rest, and for functions that are bound or look at their arguments.
 */
function parametersOf({ run }: FunctionStageDefinition): number | undefined {
  const text = Function.prototype.toString.call(run);
  if (/\barguments\b|\[native code\]/.test(text)) return undefined;
  return simpleFunction.test(text) ? run.length : undefined;
}

/** `x => …`, or a list of parameters in which nothing is a default, a rest or a comment about either. */
const simpleFunction =
  /^(?:async\b\s*)?(?:[\w$]+\s*=>|(?:function\b)?\s*\*?\s*[\w$]*\s*\([^()=.]*\)\s*(?:=>|\{))/;

function unusedOutputs({ stages, outputs }: MethodDefinition, stage: StageDefinition): string | undefined {
  const used = new Set([...stages.flatMap(({ inputs }) => inputs), ...outputs.map(({ slot }) => slot)]);
  if (stage.outputs.some((slot) => used.has(slot))) return undefined;
  const what =
    stage.kind === 'model' ? `model ${stage.model.files[stage.subgraph]!}` : `function ${stage.name}`;
  return `nobody uses what ${what} gives: neither a later stage nor an output of the method`;
}

function impliedFile(stage: StageDefinition): string | undefined {
  if (stage.kind === 'function' || stage.isFileImplied !== true) return undefined;
  const { files } = stage.model;
  return `the model ${modelKey(stage.model)} has ${files.length} files, and the stage runs the first, ${files[0]!}; write model.subgraph(0), or another number, to say which`;
}
