/**
 * Has the server go on with texts, in one request, and prints them whole.
 * Usage: npx jiti examples/incremental-generation/client.ts [address, default localhost:5500] [prompts]
 */
import { Client } from '@serving/client';
import { runClient } from '../run-client.ts';

const standard = ['Call me ', 'There she blows!', 'It was a dark and stormy night, and the captain'];

await runClient(async (address, ...given) => {
  const prompts = given.length > 0 ? given : standard;
  using client = new Client(address, 'whale', 'generate');
  const results = await client.infer(
    prompts.map((prompt) => ({ prompt, max_length: 120n, temperature: 0.5, seed: 3n })),
  );
  for (const [index, result] of results.entries()) {
    const prompt = prompts[index]!;
    console.log(result.ok ? `${prompt}${result.outputs['text'] as string}\n` : result.error.message);
  }
});
