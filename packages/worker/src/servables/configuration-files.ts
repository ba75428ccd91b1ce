/** Which files a configuration consists of: itself, and what it and those modules import or read by relative paths. */
import { readFileSync, statSync } from 'node:fs';
import { dirname, extname, join, resolve } from 'node:path';

const moduleExtensions = ['.ts', '.mts', '.cts', '.tsx', '.js', '.mjs', '.cjs', '.jsx'];

/** `from './a.js'`, `import './a.js'`, `import('./a.js')`, `require('./a.js')`. */
const moduleName = /\b(?:from|import|require)\s*\(?\s*(['"`])(\.{1,2}\/[^'"`\n]+)\1/g;

/** `readLabels(new URL('labels.txt', import.meta.url))`; what is written there is no part of it. */
const readName = /\bread\w*\(\s*new\s+URL\(\s*(['"`])([^'"`\n:]+)\1\s*,\s*import\.meta\.url\b/g;

/**
 * Absolute paths, the configuration first. They are found in the text, since modules may be loaded by others than us; a
 * name that is put together while the configuration runs stays unknown. Packages are not among them.
 */
export function configurationFiles(configFile: string): readonly string[] {
  const found = new Set([configFile]);
  // A set gives what is added to it meanwhile, too.
  for (const path of found) for (const named of namedIn(path)) found.add(named);
  return [...found];
}

function namedIn(path: string): string[] {
  if (!moduleExtensions.includes(extname(path))) return [];
  const text = textOf(path);
  const modules = [...text.matchAll(moduleName)].map(([, , name]) => moduleAt(join(dirname(path), name!)));
  const others = [...text.matchAll(readName)].map(([, , name]) => resolve(dirname(path), name!));
  return [...modules, ...others].filter((named) => named !== undefined && isFile(named)) as string[];
}

/** A file that cannot be read, or is gone again, names nothing. */
function textOf(path: string): string {
  try {
    return readFileSync(path, 'utf8');
  } catch {
    return '';
  }
}

/** The file that is meant by the path in an import: with an extension added, or `.ts` where `.js` is written. */
function moduleAt(path: string): string | undefined {
  return [
    path,
    ...moduleExtensions.map((extension) => path + extension),
    ...moduleExtensions.map((extension) => join(path, `index${extension}`)),
    path.replace(/\.([mc]?)js(x?)$/, '.$1ts$2'),
  ].find(isFile);
}

function isFile(path: string): boolean {
  return statSync(path, { throwIfNoEntry: false })?.isFile() === true;
}
