/**
 * The tutorial's client: three float32 instances for add_common, one int32 instance for add_cast.
 * Usage: npx jiti examples/add/client.ts [address, default localhost:5500]
 */
import { fileURLToPath } from 'node:url';
import { Client, InferError, tensor, type Instance, type Outputs, outputsOf } from '@serving/client';

/** A 2x2 matrix with one value everywhere. */
const filled = (value: number) => [
  [value, value],
  [value, value],
];

export async function runAddCommon(address: string): Promise<Outputs[]> {
  using client = new Client(address, 'add', 'add_common');
  // Numbers are float32, as numpy's astype(np.float32) has it in the tutorial.
  const instances: Instance[] = [1, 2, 3].map((value) => ({ x1: filled(value), x2: filled(value) }));
  const results = await client.infer(instances);
  return results.map(outputsOf);
}

export async function runAddCast(address: string): Promise<Outputs[]> {
  using client = new Client(address, 'add', 'add_cast');
  const ones = tensor('int32', [2, 2], filled(1));
  const results = await client.infer([{ x1: ones, x2: ones }]);
  return results.map(outputsOf);
}

if (process.argv[1] === fileURLToPath(import.meta.url)) {
  const address = process.argv[2] ?? 'localhost:5500';
  try {
    console.log(await runAddCommon(address));
    console.log(await runAddCast(address));
  } catch (error) {
    if (!(error instanceof InferError)) throw error;
    console.error(error.message);
    process.exitCode = 1;
  }
}
