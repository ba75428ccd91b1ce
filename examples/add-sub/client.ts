/**
 * Calls both methods, with float32 and with int64 matrices.
 * Usage: npx jiti examples/add-sub/client.ts [address, default localhost:5500]
 */
import { Client, outputsOf, type InputValue } from '@serving/client';
import { runClient } from '../run-client.ts';

/** A 2x2 matrix with one value everywhere. */
const filled = <T extends number | bigint>(value: T) => [
  [value, value],
  [value, value],
];

await runClient(async (address) => {
  async function call(method: string, x1: InputValue, x2: InputValue, x3: InputValue): Promise<void> {
    using client = new Client(address, 'add-sub', method);
    const [result] = await client.infer({ x1, x2, x3 });
    console.log(method, outputsOf(result));
  }

  await call('add_sub', filled(1.5), filled(2), filled(5));
  // Numbers are sent as float32, bigints as int64.
  await call('add_sub_clipped', filled(1n), filled(2n), filled(5n));
  await call('add_sub_clipped', filled(4n), filled(3n), filled(5n));
});
