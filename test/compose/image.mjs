// Builds the image and looks at what is in it.
import assert from 'node:assert/strict';

const BUILD_TIME_LIMIT_MS = 240_000;
export const SIZE_LIMIT_MB = 450;
const PROXY_VARIABLES = ['HTTP_PROXY', 'HTTPS_PROXY', 'NO_PROXY', 'http_proxy', 'https_proxy', 'no_proxy'];

/** @param buildKit '0' for the classic builder, '1' for BuildKit, undefined for the client's own choice */
export async function buildImage(commands, repository, { image, baseImage, buildKit }) {
  const args = ['build', '--network', 'host', '--tag', image, '--build-arg', `BASE_IMAGE=${baseImage}`];
  // The engine knows these without an ARG and leaves them out of the image.
  for (const name of PROXY_VARIABLES) if (process.env[name]) args.push('--build-arg', name);
  await commands.run('docker', [...args, '.'], {
    cwd: repository,
    env: buildKit === undefined ? {} : { DOCKER_BUILDKIT: buildKit },
    show: true,
    timeLimitMs: BUILD_TIME_LIMIT_MS,
  });
}

/** BuildKit is part of the client before release 23, and a plug-in since. */
export async function canUseBuildKit(commands) {
  if ((await commands.attempt('docker', ['buildx', 'version'])).outcome === 'exit code 0') return true;
  const [, major] = /version (\d+)\./.exec(await commands.run('docker', ['--version'])) ?? [];
  return Number(major) < 23;
}

/** Returns the size in MB. */
export async function checkImage(commands, image) {
  const inspected = JSON.parse(await commands.run('docker', ['image', 'inspect', image]));
  const { Size: size, Config: config, Architecture: architecture } = inspected[0];
  const inside = (...args) => commands.run('docker', ['run', '--rm', '--network', 'none', image, ...args]);

  const sizeMb = Math.round(size / 1e6);
  assert.ok(sizeMb < SIZE_LIMIT_MB, `the image has ${sizeMb} MB, ${SIZE_LIMIT_MB} are the limit`);

  assert.equal(config.User, '10001:10001');
  assert.equal(await inside('id', '-u'), '10001');
  assert.equal(config.StopSignal, 'SIGTERM');
  for (const variable of ['MALLOC_MMAP_THRESHOLD_=100000', 'MALLOC_TRIM_THRESHOLD_=100000'])
    assert.ok(config.Env.includes(variable), `the image does not set ${variable}`);

  const platform = `linux/${architecture === 'amd64' ? 'x64' : architecture}`;
  const binaries = '/app/node_modules/onnxruntime-node/bin';
  const platforms = await inside('find', binaries, '-mindepth', '2', '-maxdepth', '3', '-printf', '%d %P\n');
  const found = platforms.split('\n').filter((line) => line.startsWith('3 '));
  assert.deepEqual(
    found.map((line) => line.split('/').slice(1).join('/')),
    [platform],
    "other platforms' libraries are in the image",
  );

  const packages = (await inside('ls', '/app/node_modules')).split('\n');
  for (const name of ['typescript', 'jest', 'oxlint', 'prettier'])
    assert.ok(!packages.includes(name), `${name} is in the image, and only the build needs it`);
  for (const program of ['serving-master', 'serving-worker', 'serving-client'])
    assert.match(await inside(program, '--help'), new RegExp(`^Usage: ${program} `));
  assert.match(await inside('ls', '/models'), /^add$/m);
  return sizeMb;
}
