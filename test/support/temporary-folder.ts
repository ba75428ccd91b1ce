/** Folders that are removed after the tests of the file. */
import { afterAll } from '@jest/globals';
import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';

const folders: string[] = [];
afterAll(() => {
  for (const folder of folders) rmSync(folder, { recursive: true, force: true });
});

/** File below a folder → content; a name that ends in `/` is an empty folder. */
export type FolderContents = Readonly<Record<string, string | Uint8Array>>;

/** An empty folder, outside of any node_modules. */
export function temporaryFolder(): string {
  const folder = mkdtempSync(join(tmpdir(), 'serving-test-'));
  folders.push(folder);
  return folder;
}

export function folderWith(files: FolderContents): string {
  const folder = temporaryFolder();
  writeFiles(folder, files);
  return folder;
}

export function writeFiles(folder: string, files: FolderContents): void {
  mkdirSync(folder, { recursive: true });
  for (const [file, content] of Object.entries(files)) {
    const path = join(folder, file);
    mkdirSync(file.endsWith('/') ? path : dirname(path), { recursive: true });
    if (!file.endsWith('/')) writeFileSync(path, content);
  }
}
