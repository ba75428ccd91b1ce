/**
 * Sends pictures of digits in one request and prints which digit each shows.
 * Usage: npx jiti examples/lenet/client.ts [address, default localhost:5500] [pictures, default those of digits/]
 */
import { readdirSync, readFileSync } from 'node:fs';
import { basename } from 'node:path';
import { fileURLToPath } from 'node:url';
import { Client, type Tensor } from '@serving/client';
import { runClient } from '../run-client.ts';

const digits = fileURLToPath(new URL('digits/', import.meta.url));

await runClient(async (address, ...given) => {
  const files = given.length > 0 ? given : readdirSync(digits).map((name) => digits + name);
  using client = new Client(address, 'lenet', 'predict');
  const results = await client.infer(files.map((file) => ({ image: readFileSync(file) })));
  for (const [index, result] of results.entries()) {
    const name = basename(files[index]!);
    if (result.ok) console.log(`${name}  ${shown(result.outputs as Prediction)}`);
    else console.log(`${name}  ${result.error.message}`);
  }
});

type Prediction = Readonly<Record<'label' | 'scores', Tensor>>;

function shown({ label, scores }: Prediction): string {
  const digit = Number(label.data[0]);
  return `${digit}  ${(100 * Number(scores.data[digit])).toFixed(1)} %`;
}
