/**
 * The tables of docs/ that are made from code: options and errors. `npm run generate` writes them between the marks
 * `<!-- table NAME -->` and `<!-- end -->`; a test compares them.
 */
import { readFileSync, writeFileSync } from 'node:fs';
import { fileURLToPath } from 'node:url';
import {
  environmentNameOf,
  errorTable,
  fallbackText,
  grpcStatus,
  mindsporeCode,
  registrationTransitions,
  replicaTransitions,
  usageOf,
  workerLinkTransitions,
  type ErrorRow,
  type OptionTable,
  type Transitions,
} from '@serving/common';
import { masterOptions } from '@serving/master';
import { workerOptions } from '@serving/worker';

type Table = readonly (readonly string[])[];

function optionTable(options: OptionTable): Table {
  const rows = Object.entries(options).map(([key, spec]) => [
    `\`${usageOf(key, spec)}\``,
    `\`${environmentNameOf(key)}\``,
    `\`${key}\``,
    fallbackText(spec),
    spec.description,
  ]);
  return [['flag', 'environment', 'file', 'default', 'meaning'], ...rows];
}

function codeTable(): Table {
  const rows = Object.entries(errorTable).map(([code, row]: [string, ErrorRow]) => [
    `\`${code}\``,
    row.mindspore === undefined ? '–' : `${mindsporeCode[row.mindspore]} ${row.mindspore}`,
    `${grpcStatus[row.grpc]} ${row.grpc}`,
    row.http === undefined ? '–' : String(row.http),
    row.retryable ? 'yes' : 'no',
    row.meaning,
  ]);
  return [['code', '`error_code`', 'gRPC', 'HTTP', 'retry', 'meaning'], ...rows];
}

/** Where each generated table stands. */
export const tables: readonly { readonly file: string; readonly name: string; readonly rows: Table }[] = [
  { file: 'docs/configuration.md', name: 'serving-master', rows: optionTable(masterOptions) },
  { file: 'docs/configuration.md', name: 'serving-worker', rows: optionTable(workerOptions) },
  { file: 'docs/errors.md', name: 'errors', rows: codeTable() },
];

/** Mermaid's form of a table of transitions. */
function stateDiagram(transitions: Transitions<string>, initial: string): readonly string[] {
  const named = (state: string) => state.replace('-', '_');
  const lines = Object.entries(transitions).flatMap(([from, events]) =>
    Object.entries(events).map(([event, to]) => `    ${named(from)} --> ${named(to)}: ${event}`),
  );
  return ['```mermaid', 'stateDiagram-v2', `    [*] --> ${named(initial)}`, ...lines, '```'];
}

/** Diagrams that are made from the code's own tables of states. */
export const diagrams: readonly {
  readonly file: string;
  readonly name: string;
  readonly lines: readonly string[];
}[] = [
  { name: 'worker-link', lines: stateDiagram(workerLinkTransitions, 'connecting') },
  { name: 'registration', lines: stateDiagram(registrationTransitions, 'joining') },
  { name: 'replica', lines: stateDiagram(replicaTransitions, 'loading') },
].map((diagram) => ({ file: 'docs/cluster.md', ...diagram }));

/** The lines of a diagram in a document. @throws Error when the document has no such diagram */
export function readDiagram(document: string, name: string): string[] {
  return locate(document, name)
    .body.split('\n')
    .filter((line) => line.trim() !== '');
}

/** The cells of a table in a document. @throws Error when the document has no such table */
export function readTable(document: string, name: string): string[][] {
  const { body } = locate(document, name);
  const lines = body.split('\n').filter((line) => line.startsWith('|'));
  const cells = lines.map((line) =>
    line
      .split('|')
      .slice(1, -1)
      .map((cell) => cell.trim()),
  );
  return cells.filter((row) => !row.every((cell) => /^-+$/.test(cell)));
}

function locate(document: string, name: string): { from: number; to: number; body: string } {
  const mark = `<!-- table ${name} -->`;
  const from = document.indexOf(mark) + mark.length;
  const to = document.indexOf('<!-- end -->', from);
  if (from < mark.length || to === -1) throw new Error(`no '${mark}' with an end`);
  return { from, to, body: document.slice(from, to) };
}

function write(file: string, name: string, lines: readonly string[]): void {
  const path = fileURLToPath(new URL(`../${file}`, import.meta.url));
  const document = readFileSync(path, 'utf8');
  const { from, to } = locate(document, name);
  writeFileSync(path, `${document.slice(0, from)}\n\n${lines.join('\n')}\n\n${document.slice(to)}`);
}

function tableLines([header, ...rest]: Table): string[] {
  return [header!, header!.map(() => '---'), ...rest].map((row) => `| ${row.join(' | ')} |`);
}

if (process.argv[1] === fileURLToPath(import.meta.url)) {
  for (const { file, name, rows } of tables) write(file, name, tableLines(rows));
  for (const { file, name, lines } of diagrams) write(file, name, lines);
}
