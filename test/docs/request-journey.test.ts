import { existsSync, readdirSync, readFileSync, statSync } from 'node:fs';
import { expect, test } from '@jest/globals';

const journey = readFileSync('docs/request-journey.md', 'utf8');
const named = [...new Set(journey.match(/(?:packages|proto)\/[\w./-]*\w/g))];

test.each(named)('%s, which the journey names, exists', (path) => {
  expect(existsSync(path)).toBe(true);
});

test('the journey names folders at all', () => {
  expect(named.length).toBeGreaterThan(10);
});

const steps = ['master', 'worker'].flatMap((name) => {
  const source = `packages/${name}/src`;
  return readdirSync(source)
    .map((entry) => `${source}/${entry}`)
    .filter((path) => statSync(path).isDirectory());
});

test.each(steps)('the step %s has its place in the journey', (path) => {
  expect(journey).toContain(path);
});
