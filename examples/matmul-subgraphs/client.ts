/**
 * Calls both methods.
 * Usage: npx jiti examples/matmul-subgraphs/client.ts [address, default localhost:5500]
 */
import { Client, outputsOf } from '@serving/client';
import { runClient } from '../run-client.ts';

await runClient(async (address) => {
  using predict = new Client(address, 'matmul', 'predict');
  const products = await predict.infer([{ x: [1, 0] }, { x: [0, 1] }, { x: [1, 1] }]);
  console.log('predict', products.map(outputsOf));

  using grow = new Client(address, 'matmul', 'grow');
  const grown = await grow.infer([
    { x: [1, 1], length: 1 },
    { x: [1, 1], length: 1000 },
  ]);
  console.log('grow', grown.map(outputsOf));
});
