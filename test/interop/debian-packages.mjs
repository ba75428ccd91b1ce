// Packages of another Debian than the machine's, which is left as it is.
import { existsSync, mkdirSync, readdirSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';

import { CannotRun } from './cannot-run.mjs';
import { run } from './run-program.mjs';

const KEYRING = '/usr/share/keyrings/debian-archive-keyring.gpg';

/**
 * The packages as they are now, checked by apt against Debian's signature. Old ones are not kept where Debian's packages
 * are, so they cannot be pinned; their names with versions are printed.
 * @param folder an empty one
 * @returns their files
 */
export function downloadPackages(folder, suite, packages) {
  if (!existsSync(KEYRING))
    throw new CannotRun(`Debian's packages need a Debian machine, which has ${KEYRING}; there is none here.`);
  const apt = join(folder, 'apt');
  const files = join(folder, 'files');
  for (const path of [join(apt, 'lists', 'partial'), join(apt, 'cache', 'archives', 'partial'), files])
    mkdirSync(path, { recursive: true });
  const sources = join(apt, 'sources.list');
  writeFileSync(sources, `deb [arch=amd64 signed-by=${KEYRING}] ${mirror()} ${suite} main\n`);
  const options = [
    `Dir::State=${apt}`,
    'Dir::State::status=/dev/null',
    `Dir::Cache=${join(apt, 'cache')}`,
    `Dir::Etc::sourcelist=${sources}`,
    'Dir::Etc::sourceparts=/dev/null',
    'Acquire::Languages=none',
    'APT::Architecture=amd64',
    // The user that apt downloads as cannot come into a home folder.
    `APT::Sandbox::User=${process.env.USER ?? 'root'}`,
  ].flatMap((option) => ['-o', option]);
  run('apt-get', [...options, 'update'], `reading the list of Debian ${suite}'s packages`);
  run('apt-get', [...options, 'download', ...packages], `downloading ${packages.join(', ')}`, { cwd: files });
  const names = readdirSync(files);
  console.log(names.map((name) => `  ${name}`).join('\n'));
  return names.map((name) => join(files, name));
}

/** Where this machine has its own packages from. */
function mirror() {
  const targets = run('apt-get', ['indextargets', '--format', '$(REPO_URI)'], "reading apt's sources");
  const found = targets.split('\n').find((uri) => /\/debian\/?$/.test(uri));
  if (found === undefined) throw new CannotRun("apt's sources name no place that has Debian's packages.");
  return found;
}
