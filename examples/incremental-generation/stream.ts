/**
 * Has the server go on with a text and prints each letter as it comes.
 * Usage: npx jiti examples/incremental-generation/stream.ts [address, default localhost:5500] [prompt] [seed]
 */
import { Client } from '@serving/client';
import { runClient } from '../run-client.ts';

await runClient(async (address, prompt = 'The whale', seed = '3') => {
  using client = new Client(address, 'whale', 'generate_stream');
  const instance = { prompt, max_length: 200n, temperature: 0.5, seed: BigInt(seed) };
  process.stdout.write(prompt);
  for await (const { text } of client.inferStream<{ text: string }>(instance)) process.stdout.write(text);
  process.stdout.write('\n');
});
