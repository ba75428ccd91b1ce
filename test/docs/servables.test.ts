/** Runs docs/servables.md: writes its configurations, runs its commands, and compares what they print. */
import { mkdirSync, readFileSync, writeFileSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { afterAll, beforeAll, expect, test } from '@jest/globals';
import { PageRunner } from './page-runner.js';

const page = readFileSync('docs/servables.md', 'utf8');
const blocks = [...page.matchAll(/```(\w+)( background)?\n([\s\S]*?)```/g)].map(
  ([, language, background, body]) => ({
    kind: `${language!}${background ?? ''}`,
    body: body!,
  }),
);
let runner: PageRunner;

beforeAll(() => {
  runner = new PageRunner('servables');
});

afterAll(() => runner.end());

function writeConfiguration(body: string): void {
  const path = /^\/\/ (servables\/\w+\/servable_config\.ts)\n/.exec(body)?.[1];
  if (path === undefined) throw new Error(`expected a file name in the first line of: ${body}`);
  mkdirSync(dirname(join(runner.folder, path)), { recursive: true });
  writeFileSync(join(runner.folder, path), body);
}

/** The page's servable `halves`, and what it says of it with a mistake in it. */
function checkMistaken(): void {
  const { body } = blocks.find((block) => block.body.startsWith('// servables/halves/'))!;
  const mistaken = body.replace('addStage(add, [a, b])', 'addStage(add, [a])');
  expect(mistaken).not.toBe(body);
  writeConfiguration(mistaken);
  const said = runner.run('npx serving-worker check halves --directory servables 2>&1 || true');
  expect(page).toContain(
    `as with \`addStage(add, [a])\` in the servable above:\n\n\`\`\`console\n${said}\`\`\``,
  );
}

test('every block of the page works, and prints what the page shows', async () => {
  const ran = { ts: 0, sh: 0, compared: 0 };
  for (const [index, { kind, body }] of blocks.entries()) {
    if (kind === 'ts') {
      writeConfiguration(body);
      ran.ts++;
    } else if (kind === 'sh background') {
      await runner.renewPort('5500');
      await runner.startServer(body.trim());
    } else if (kind === 'sh') {
      const printed = runner.run(body);
      ran.sh++;
      const next = blocks[index + 1];
      if (next?.kind !== 'text') continue;
      expect(printed).toBe(next.body);
      ran.compared++;
    }
  }
  checkMistaken();
  expect(ran).toEqual({ ts: 8, sh: 12, compared: 7 });
}, 180_000);
