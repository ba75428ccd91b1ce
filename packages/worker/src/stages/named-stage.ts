/** Gives a stage the name that errors of its instances call it by: `Call Function 'add.softmax' Failed, …`. */
export function namedStage<Stage extends (...inputs: never) => unknown>(name: string, stage: Stage): Stage {
  return Object.defineProperty(stage, 'name', { value: name });
}
