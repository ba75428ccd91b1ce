// What has to be on this machine, said all at once and before anything is started.
import { CannotRun } from '../interop/cannot-run.mjs';

const isRoot = process.getuid?.() === 0;

/** Resolves with how to do it here: the compose command, and whether an engine and a base image have to be made. */
export async function findPrerequisites(commands) {
  const has = async (command, ...args) => (await commands.attempt(command, args)).outcome === 'exit code 0';
  const missing = [];

  const hasClient = await has('docker', '--version');
  if (!hasClient) missing.push('the program `docker`: on Debian and Ubuntu, `apt-get install docker.io`');

  const compose = (await has('docker', 'compose', 'version'))
    ? ['docker', 'compose']
    : (await has('docker-compose', 'version')) && ['docker-compose'];
  if (!compose)
    missing.push(
      '`docker compose`, or docker-compose 1.29: on Debian and Ubuntu, `apt-get install docker-compose`',
    );

  const hasEngine = hasClient && (await has('docker', 'info'));
  if (!hasEngine && !(isRoot && (await has('dockerd', '--version')))) {
    missing.push(
      'an engine: one that `docker info` reaches, or the program `dockerd` (`apt-get install docker.io`) and root, to ' +
        'start one for the time of the test' +
        (isRoot ? '' : '; this is not root'),
    );
  }

  const baseImage = process.env.BASE_IMAGE;
  if (!baseImage && !(isRoot && (await has('debootstrap', '--version')))) {
    missing.push(
      'a base image: the name of one with Node and npm that the engine has or can pull in the variable BASE_IMAGE, ' +
        'such as BASE_IMAGE=node:22-bookworm-slim, or the program `debootstrap` (`apt-get install debootstrap`) and ' +
        'root, to make one without a registry' +
        (isRoot ? '' : '; this is not root'),
    );
  }

  if (missing.length > 0)
    throw new CannotRun(
      `The compose test cannot run here. It needs\n${missing.map((one) => `- ${one}\n`).join('')}`,
    );
  return { compose, hasEngine, baseImage };
}
