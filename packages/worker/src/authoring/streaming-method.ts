/** What a method that gives many responses to an instance has to look like. */
import type { DefinitionDraft } from '../definition/definition-draft.js';
import { modelKey, type MethodOutput, type StageDefinition } from '../definition/definition.js';
import { outputsOfReadyMade } from '../stages/named-stage.js';
import { isGenerator } from './add-stage.js';
import type { MethodDraft } from './placeholder.js';

/** @throws ServingError LOAD_FAILED naming the line, and the stage at fault with its own */
export function checkStreaming(
  draft: DefinitionDraft,
  { name, stages }: MethodDraft,
  outputs: readonly MethodOutput[],
): void {
  const last = stages.at(-1);
  if (last === undefined || !canStream(last))
    throw draft.mistake(
      `method ${name}: streaming: expected a last stage that yields the responses, a function without a batchSize; given ${last === undefined ? 'no stage' : shown(last)}`,
    );
  const foreign = outputs.find(({ slot }) => !last.outputs.includes(slot));
  if (foreign !== undefined)
    throw draft.mistake(
      `method ${name}: streaming: expected every output to come from the last stage, ${shown(last)}; output ${foreign.name} does not`,
    );
  const early = stages.slice(0, -1).find((stage) => canStream(stage) && isGenerator(stage.run));
  if (early !== undefined)
    throw draft.mistake(
      `method ${name}: streaming: expected no generator without a batchSize before the last stage; given ${shown(early)}`,
    );
}

/** Ready-made stages give one result. */
function canStream(stage: StageDefinition): stage is Extract<StageDefinition, { kind: 'function' }> {
  return (
    stage.kind === 'function' && stage.batchSize === undefined && outputsOfReadyMade(stage.run) === undefined
  );
}

function shown(stage: StageDefinition): string {
  const at = stage.at === undefined ? '' : ` (${stage.at})`;
  if (stage.kind === 'model') return `model ${modelKey(stage.model)}${at}`;
  return `function ${stage.name}${stage.batchSize === undefined ? '' : ' with a batchSize'}${at}`;
}
