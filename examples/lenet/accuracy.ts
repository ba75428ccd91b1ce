/**
 * Sends each of the 500 digits of held-out.png as a PNG of its own and prints how many are read rightly.
 * Usage: npx jiti examples/lenet/accuracy.ts [address, default localhost:5500]
 */
import { readFileSync } from 'node:fs';
import { Client, outputsOf, type Tensor } from '@serving/client';
import sharp from 'sharp';
import { runClient } from '../run-client.ts';

/** The sheet has its digits in rows, in the order of the labels. */
interface Sheet {
  readonly tile: number;
  readonly columns: number;
  readonly labels: readonly number[];
}

const read = (name: string) => readFileSync(new URL(name, import.meta.url));
const { tile, columns, labels } = JSON.parse(read('held-out.json').toString()) as Sheet;

async function digits(): Promise<Buffer[]> {
  const sheet = read('held-out.png');
  return Promise.all(
    labels.map((_, index) => {
      const [left, top] = [(index % columns) * tile, Math.floor(index / columns) * tile];
      return sharp(sheet).extract({ left, top, width: tile, height: tile }).png().toBuffer();
    }),
  );
}

await runClient(async (address) => {
  using client = new Client(address, 'lenet', 'predict');
  const results = await client.infer((await digits()).map((image) => ({ image })));
  const right = results.filter((result, index) => {
    const label = outputsOf(result)['label'] as Tensor;
    return Number(label.data[0]) === labels[index];
  }).length;
  console.log(
    `${right} of ${labels.length} held-out digits are right: ${((100 * right) / labels.length).toFixed(1)} %`,
  );
});
