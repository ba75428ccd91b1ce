/** One model of two subgraphs, h = x A and y = h B: as two stages, and called by a function. */
import { addStage, declareModel, registerMethod, type Tensor } from '@serving/worker';

const matmul = declareModel({ file: ['matmul_0.onnx', 'matmul_1.onnx'] });
const [first, second] = [matmul.subgraph(0), matmul.subgraph(1)];

registerMethod('predict', { inputs: ['x'], outputs: ['h', 'y'] }, (x) => {
  const h = addStage(first, [x]);
  return [h, addStage(second, [h])];
});

/** Goes round until x is as long as asked for: how often, no graph knows. */
async function grow(x: Tensor, length: Tensor): Promise<[y: Tensor, rounds: bigint]> {
  let [y, rounds] = [x, 0n];
  while (Math.hypot(...y.dataAs('float32')) < Number(length.data[0])) {
    if (rounds === 100n)
      throw new Error('expected a vector that grows, given one that does not in 100 rounds');
    const [h] = await first.call<[Tensor]>(y);
    [y] = await second.call<[Tensor]>(h);
    rounds++;
  }
  return [y, rounds];
}

registerMethod('grow', { inputs: ['x', 'length'], outputs: ['y', 'rounds'] }, (x, length) =>
  addStage(grow, [x, length], { outputs: 2 }),
);
