// A stand-in for a public Node image where no image registry can be reached: Debian, and the host's node and npm.
import {
  appendFileSync,
  cpSync,
  existsSync,
  mkdirSync,
  readFileSync,
  realpathSync,
  rmSync,
  symlinkSync,
  writeFileSync,
} from 'node:fs';
import { dirname, join } from 'node:path';

const SUITE = 'bookworm';
const BOOTSTRAP_TIME_LIMIT_MS = 240_000;
const CA_BUNDLE = '/etc/ssl/certs/ca-certificates.crt';
/** Part of no slim image. */
const LEFT_OUT = [
  'dev',
  'usr/share/doc',
  'usr/share/locale',
  'usr/share/man',
  'var/cache/apt',
  'var/lib/apt/lists',
];
/** How npm reaches its registry from here; credentials are not among them. */
const NPM_SETTINGS = ['registry', 'proxy', 'https-proxy', 'noproxy', 'strict-ssl'];

/** Imports the image under the given name. */
export async function makeBaseImage(commands, folder, name) {
  const root = join(folder, 'base');
  await commands.run(
    'debootstrap',
    ['--variant=minbase', '--include=ca-certificates,libstdc++6', SUITE, root],
    {
      timeLimitMs: BOOTSTRAP_TIME_LIMIT_MS,
    },
  );
  await addNode(commands, root);
  const archive = join(folder, 'base.tar');
  const excludes = LEFT_OUT.map((path) => `--exclude=./${path}`);
  await commands.run('tar', ['-C', root, ...excludes, '--numeric-owner', '-cf', archive, '.']);
  await commands.run('docker', ['import', archive, name]);
  rmSync(archive);
  const versions = await commands.run('docker', [
    'run',
    '--rm',
    '--network',
    'none',
    name,
    'sh',
    '-c',
    'node --version && npm --version',
  ]);
  return `Debian ${SUITE}, Node ${versions.replace('\n', ', npm ')}`;
}

async function addNode(commands, root) {
  const local = join(root, 'usr', 'local');
  const npm = join(local, 'lib', 'node_modules', 'npm');
  mkdirSync(dirname(npm), { recursive: true });
  cpSync(realpathSync(process.execPath), join(local, 'bin', 'node'));
  cpSync(await npmFolder(commands), npm, { recursive: true, dereference: true });
  for (const program of ['npm', 'npx'])
    symlinkSync(`../lib/node_modules/npm/bin/${program}-cli.js`, join(local, 'bin', program));

  const settings = JSON.parse(await commands.run('npm', ['config', 'list', '--json']));
  addCertificates(root, [settings.cafile, process.env.NODE_EXTRA_CA_CERTS, process.env.SSL_CERT_FILE]);
  const lines = NPM_SETTINGS.filter((key) => settings[key] !== null && String(settings[key]) !== '').map(
    (key) => `${key}=${settings[key]}`,
  );
  // A connection that went silent is given up before the build is.
  lines.push(`cafile=${CA_BUNDLE}`, 'fetch-timeout=30000', 'update-notifier=false');
  mkdirSync(join(local, 'etc'), { recursive: true });
  writeFileSync(join(local, 'etc', 'npmrc'), `${lines.join('\n')}\n`);
}

/** `npm run` says which npm it is. */
async function npmFolder(commands) {
  const program = process.env.npm_execpath;
  if (program?.endsWith('npm-cli.js')) return dirname(dirname(realpathSync(program)));
  return join(await commands.run('npm', ['root', '--global']), 'npm');
}

/** Whatever this host trusts, the build trusts: its way out may be a proxy with a certificate of its own. */
function addCertificates(root, files) {
  const bundle = join(root, CA_BUNDLE);
  const hosts = [CA_BUNDLE, ...files].filter((file) => typeof file === 'string' && existsSync(file));
  for (const file of new Set(hosts.map((path) => realpathSync(path))))
    appendFileSync(bundle, `\n${readFileSync(file, 'utf8')}`);
}
