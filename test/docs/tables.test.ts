import { readFileSync } from 'node:fs';
import { expect, test } from '@jest/globals';
import { diagrams, readDiagram, readTable, tables } from '../../scripts/doc-tables.ts';

test.each(tables.map(({ file, name, rows }) => [file, name, rows] as const))(
  'the table in %s of %s is what the code says (npm run generate writes it)',
  (file, name, rows) => {
    expect(readTable(readFileSync(file, 'utf8'), name)).toEqual(rows);
  },
);

test('a table that is missing from its document is noticed', () => {
  expect(() => readTable('# Nothing here', 'errors')).toThrow('<!-- table errors -->');
});

test.each(diagrams.map(({ file, name, lines }) => [file, name, lines] as const))(
  'the diagram in %s of %s is what the code says (npm run generate writes it)',
  (file, name, lines) => {
    expect(readDiagram(readFileSync(file, 'utf8'), name)).toEqual(lines);
  },
);
