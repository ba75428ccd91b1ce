/** A family as a servable: a model and a method for every case. */
import { configuration } from '../support/servables.js';
import type { FolderContents } from '../support/temporary-folder.js';
import type { OperatorCase } from './case.js';
import { inputNames, modelOf, outputNames } from './model.js';

export function servableOf(cases: readonly OperatorCase[]): FolderContents {
  const models = cases.map((each) => [`1/${each.name}.onnx`, modelOf(each)] as const);
  return {
    ...Object.fromEntries(models),
    'servable_config.ts': configuration(cases.map(methodOf).join('\n')),
  };
}

function methodOf(operatorCase: OperatorCase): string {
  const { name } = operatorCase;
  const inputs = inputNames(operatorCase);
  const outputs = outputNames(operatorCase);
  const ports = JSON.stringify({ inputs, outputs });
  const stage = `declareModel({ file: '${name}.onnx', withBatchDim: false }), [${inputs.join()}]`;
  return `registerMethod('${name}', ${ports}, (${inputs.join()}) => addStage(${stage}, { outputs: ${outputs.length} }));`;
}
