/** The tables of docs/compatibility-protocols.md, as the tests that walk them read them. */
import { readFileSync } from 'node:fs';

const page = readFileSync('docs/compatibility-protocols.md', 'utf8');

/** Names of all tables that begin so. */
export function tableNames(beginning: string): string[] {
  const names = [...page.matchAll(/<!-- tested (.+) -->/g)].map(([, name]) => name!);
  return names.filter((name) => name.startsWith(beginning));
}

/** Cells of each row, without the marks of code around the first. @throws Error when there is no such table */
export function rowsOf(table: string): string[][] {
  const [, text] = page.split(`<!-- tested ${table} -->`);
  if (text === undefined) throw new Error(`docs/compatibility-protocols.md has no table '${table}'`);
  const lines = text.slice(0, text.indexOf('<!-- end -->')).split('\n');
  // The first two are the head of the table.
  const rows = lines.filter((line) => line.startsWith('|')).slice(2);
  return rows.map((row) => {
    const [first, ...others] = row
      .split('|')
      .slice(1, -1)
      .map((cell) => cell.trim());
    return [first!.replaceAll('`', ''), ...others];
  });
}

export type Said =
  | { readonly outcome: 'supported' | 'ignored' | 'differs' }
  /** Without a status where nothing can be sent. */
  | { readonly outcome: 'refused'; readonly status: string | undefined };

/** What a cell says of a row. @throws Error when it is none of the page's words */
export function said(cell: string): Said {
  const match = /^(?:(supported|ignored|differs)|refused(?: \((\w+)\))?)$/.exec(cell);
  if (match === null)
    throw new Error(`expected supported, ignored, differs or refused (status), given '${cell}'`);
  const [, outcome, status] = match;
  if (outcome === undefined) return { outcome: 'refused', status };
  return { outcome: outcome as 'supported' | 'ignored' | 'differs' };
}

/** The status that the text of a row that differs has in brackets. */
export function statusIn(text: string): string | undefined {
  return /refused \((\w+)\)/.exec(text)?.[1];
}

/** What a test knows of a row. @throws Error when it knows nothing, so that no row goes without */
export function known<Entry>(entries: Readonly<Record<string, Entry>>, row: string): Entry {
  const entry = entries[row];
  if (entry === undefined) throw new Error(`no request is known for the row '${row}'`);
  return entry;
}
