/**
 * Has the server go on with texts, in one request, and prints them whole.
 * Usage: npx jiti examples/text-generation/client.ts [address, default localhost:5500] [prompts]
 */
import { Client } from '@serving/client';
import { runClient } from '../run-client.ts';

await runClient(async (address, ...given) => {
  const prompts = given.length > 0 ? given : ['Come, said the river', 'Five grey'];
  using client = new Client(address, 'verses', 'generate_together');
  const results = await client.infer(prompts.map((prompt) => ({ prompt, max_length: 200n })));
  for (const [index, result] of results.entries()) {
    const prompt = prompts[index]!;
    console.log(result.ok ? `${prompt}${result.outputs['text'] as string}\n` : result.error.message);
  }
});
