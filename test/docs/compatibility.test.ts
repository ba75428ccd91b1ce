/** The texts of docs/compatibility.md that are said to be tested are in the tests that it names. */
import { readdirSync, readFileSync } from 'node:fs';
import { expect, test } from '@jest/globals';

const page = readFileSync('docs/compatibility.md', 'utf8');

interface Row {
  readonly name: string;
  readonly texts: readonly string[];
  readonly file: string;
}

/** The rows between the marks: what a text is expected for, the texts, and the test that expects them. */
function rowsOf(mark: string): Row[] {
  const table = new RegExp(`<!-- tested ${mark} -->\n([^]*?)<!-- end -->`).exec(page)?.[1] ?? '';
  const lines = table.split('\n').filter((line) => line.includes('.test.ts'));
  return lines.map((line) => {
    const cells = line.split('|').map((cell) => cell.trim());
    const [, first, second] = cells as [string, string, string];
    const texts = [...(second === 'the same' ? first : second).matchAll(/`([^`]+)`/g)];
    const file = /\]\(\.\.\/(.*)\)/.exec(cells.at(-2)!)![1]!;
    return { name: `${first}: ${file}`, texts: texts.map(([, text]) => text!), file };
  });
}

/** A test may have a text in a pattern: its escapes, and a blank that is counted, are not of the text. */
const plain = (source: string) => source.replaceAll('\\', '').replaceAll(' {2}', '  ');

const rows = ['errors of requests', 'errors of starting up', 'errors of REST'].map(rowsOf);

test('all tables are there', () => {
  expect(rows.map((table) => table.length)).toEqual([24, 19, 38]);
});

test.each(rows.flat())('$name', ({ texts, file }) => {
  expect(texts).not.toEqual([]);
  const source = plain(readFileSync(file, 'utf8'));
  for (const text of texts)
    for (const part of text.split(/<[^>]*>/))
      if (!source.includes(part)) throw new Error(`no test has '${part}'`);
});

test('the table of examples has every example of the repository, with methods that it has', () => {
  const table = /## Examples\n([^]*)/.exec(page)![1]!;
  const named = new Set([...table.matchAll(/\]\(\.\.\/examples\/([\w-]+)\)/g)].map(([, name]) => name));
  const folders = readdirSync('examples', { withFileTypes: true }).filter((entry) => entry.isDirectory());
  expect(named).toEqual(new Set(folders.map(({ name }) => name)));
  const ours = /image-classification\): ((?:`\w+`,? ?)+)/.exec(table)![1]!;
  const config = readFileSync('examples/image-classification/garments/servable_config.ts', 'utf8');
  for (const [, method] of ours.matchAll(/`(\w+)`/g)) expect(config).toContain(`'${method}'`);
});
