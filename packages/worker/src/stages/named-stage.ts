/** Stages of the server's own: their names, and how many values they give. */

const outputCounts = new WeakMap<object, number>();

/** Gives a stage the name that errors of its instances call it by: `Call Function 'add.softmax' Failed, …`. */
export function namedStage<Stage extends (...inputs: never) => unknown>(
  name: string,
  stage: Stage,
  outputs = 1,
): Stage {
  outputCounts.set(stage, outputs);
  return Object.defineProperty(stage, 'name', { value: name });
}

/** How many values a ready-made stage gives; undefined for a function of the author's. */
export function outputsOfReadyMade(stage: object): number | undefined {
  return outputCounts.get(stage);
}
