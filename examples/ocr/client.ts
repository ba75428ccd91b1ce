/**
 * Sends pictures in one request and prints the text in each, with how sure the model is of every line.
 * Usage: npx jiti examples/ocr/client.ts [address, default localhost:5500] [pictures, default text.png]
 */
import { readFileSync } from 'node:fs';
import { basename } from 'node:path';
import { fileURLToPath } from 'node:url';
import { Client, type Tensor } from '@serving/client';
import { runClient } from '../run-client.ts';

interface Lines {
  readonly text: string;
  readonly scores: Tensor;
}

const sample = fileURLToPath(new URL('text.png', import.meta.url));

await runClient(async (address, ...given) => {
  const files = given.length > 0 ? given : [sample];
  using client = new Client(address, 'ocr', 'read');
  const results = await client.infer<Lines>(files.map((file) => ({ image: readFileSync(file) })));
  for (const [index, result] of results.entries()) {
    console.log(basename(files[index]!));
    console.log(result.ok ? shown(result.outputs) : result.error.message);
  }
});

function shown({ text, scores }: Lines): string {
  if (text === '') return '  no text';
  return text
    .split('\n')
    .map((line, index) => `  ${Number(scores.data[index]).toFixed(2)}  ${line}`)
    .join('\n');
}
