/**
 * Sends pictures in one request and prints what they show.
 * Usage: npx jiti examples/image-classification/client.ts [address, default localhost:5500]
 *   [method, default classify_top1] [pictures, default those of samples/]
 */
import { readdirSync, readFileSync } from 'node:fs';
import { basename } from 'node:path';
import { fileURLToPath } from 'node:url';
import { Client, type Outputs, type Tensor } from '@serving/client';
import { runClient } from '../run-client.ts';

const samples = fileURLToPath(new URL('samples/', import.meta.url));

await runClient(async (address, method = 'classify_top1', ...given) => {
  const files = given.length > 0 ? given : readdirSync(samples).map((name) => samples + name);
  using client = new Client(address, 'garments', method);
  const results = await client.infer(files.map((file) => ({ image: readFileSync(file) })));
  for (const [index, result] of results.entries()) {
    const name = basename(files[index]!);
    console.log(`${name}: ${result.ok ? shown(result.outputs) : result.error.message}`);
  }
});

function shown(outputs: Outputs): string {
  if ('label' in outputs) return outputs['label'] as string;
  const { labels, scores } = outputs as { labels: string; scores: Tensor };
  return labels
    .split(';')
    .map((label, rank) => `${label} ${(100 * Number(scores.data[rank])).toFixed(1)} %`)
    .join(', ');
}
