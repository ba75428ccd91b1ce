// As docs/servables.md has it, for the example of docs/open-inference.md.
import { addStage, registerMethod, type Tensor } from '@serving/worker';

async function* countDown(from: Tensor, word: string) {
  for (let left = from.toNested() as number; left > 0; left--) {
    yield [left, `${left} …`];
    await new Promise((resolve) => setTimeout(resolve, 100));
  }
  yield [0, word];
}

registerMethod(
  'count_down',
  {
    inputs: { from: { dtype: 'int32', shape: [] }, word: { dtype: 'string', shape: [] } },
    outputs: { left: { dtype: 'float32', shape: [] }, text: { dtype: 'string', shape: [] } },
    streaming: true,
  },
  ({ from, word }) => {
    const [left, text] = addStage(countDown, [from, word], { outputs: 2 });
    return { left, text };
  },
);
