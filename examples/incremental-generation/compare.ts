/**
 * Has one text written by both graphs, and again by the graph of the prompt alone, and prints what each way takes.
 * Usage: npx jiti examples/incremental-generation/compare.ts [address, default localhost:5500] [prompt]
 */
import { Client, outputsOf, type Tensor } from '@serving/client';
import { runClient } from '../run-client.ts';

const rounds = 3;

await runClient(async (address, prompt = 'The whale') => {
  const instance = { prompt, max_length: BigInt(256 - prompt.length), temperature: 0, seed: 0n };

  /** The text, and of several times the shortest: others are at work on this machine, too. */
  async function write(method: string): Promise<{ text: string; tokens: number; ms: number }> {
    using client = new Client(address, 'whale', method);
    let shortest = Infinity;
    for (let round = 1; ; round++) {
      const start = performance.now();
      const [result] = await client.infer<{ text: string; tokens_run: Tensor }>(instance);
      shortest = Math.min(shortest, performance.now() - start);
      if (round < rounds) continue;
      const { text, tokens_run } = outputsOf(result);
      return { text, tokens: Number(tokens_run.data[0]), ms: shortest };
    }
  }

  const [incremental, anew] = [await write('generate'), await write('generate_without_cache')];
  console.log(incremental.text === anew.text ? 'The same text both ways.' : 'The texts differ!');
  for (const [way, { tokens, ms }] of Object.entries({ 'both graphs': incremental, 'the first alone': anew }))
    console.log(`${way}: ${tokens} tokens run in ${ms.toFixed(0)} ms`);
  console.log(
    `${(anew.tokens / incremental.tokens).toFixed(1)} times the tokens, ${(anew.ms / incremental.ms).toFixed(1)} times as long`,
  );
});
