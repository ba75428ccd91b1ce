// Builds the image and runs the compose file's cluster in real containers: `npm run test:compose`. See README.md beside
// this file.
import assert from 'node:assert/strict';
import { mkdtempSync, realpathSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';

import { CannotRun } from '../interop/cannot-run.mjs';
import { makeBaseImage } from './base-image.mjs';
import { CleanUp, removeFolder } from './clean-up.mjs';
import { Cluster, SERVICES, checkContainer } from './cluster.mjs';
import { Commands } from './commands.mjs';
import { startEngine } from './engine.mjs';
import { SIZE_LIMIT_MB, buildImage, canUseBuildKit, checkImage } from './image.mjs';
import { findPrerequisites } from './prerequisites.mjs';
import { VerifyingLoop, checkRest, checkTutorial, choosePort, listenBriefly } from './requests.mjs';

const repository = join(import.meta.dirname, '..', '..');
const project = `serving-test-${process.pid}`;
const STOP_GRACE_MS = 40_000;

const commands = new Commands();
const cleanUp = new CleanUp();
const started = performance.now();

function seconds() {
  return `${((performance.now() - started) / 1000).toFixed(0)} s`.padStart(5);
}

/** Says what is done, before it is done. */
function step(what) {
  commands.interruption.throwIfAborted();
  console.log(`[${seconds()}] ${what}`);
}

async function main() {
  step('looking for what this needs');
  const { compose, hasEngine, baseImage } = await findPrerequisites(commands);
  const folder = realpathSync(mkdtempSync(join(tmpdir(), 'serving-compose-')));
  cleanUp.add(`deleting ${folder}`, () => removeFolder(commands, folder));

  if (hasEngine) {
    step('an engine runs: using it');
  } else {
    step('no engine runs: starting dockerd');
    await startEngine(commands, folder, (what, action) => cleanUp.add(what, action));
  }
  const image = await prepareImage(folder, baseImage, !hasEngine);
  await testCluster(compose, image);
}

/** Returns the image's name. */
async function prepareImage(folder, givenBase, ownEngine) {
  let baseImage = givenBase;
  if (!baseImage) {
    baseImage = `${project}-base`;
    step('making a base image with debootstrap');
    forgetImage(baseImage);
    console.log(`        ${await makeBaseImage(commands, folder, baseImage)}`);
  }
  const image = `${project}-image`;
  forgetImage(image);
  if (ownEngine && (await canUseBuildKit(commands))) {
    step('building with BuildKit');
    await buildImage(commands, repository, { image, baseImage, buildKit: '1' });
    await checkImage(commands, image);
  } else if (ownEngine) {
    step('not building with BuildKit: this docker needs its plug-in buildx for that');
  }
  step(ownEngine ? 'building with the classic builder' : 'building');
  await buildImage(commands, repository, { image, baseImage, buildKit: ownEngine ? '0' : undefined });
  step('looking into the image');
  console.log(`        ${await checkImage(commands, image)} MB of at most ${SIZE_LIMIT_MB}`);
  return image;
}

function forgetImage(name) {
  cleanUp.add(`removing the image ${name}`, async () => {
    const options = { evenIfInterrupted: true };
    await commands.attempt('docker', ['image', 'rm', '--force', name], options);
  });
}

async function testCluster(compose, image) {
  const port = await choosePort();
  const restPort = await listenBriefly(0);
  const address = `127.0.0.1:${port}`;
  Object.assign(commands.env, {
    COMPOSE_FILE: join(repository, 'docker-compose.yml'),
    IMAGE: image,
    GRPC_PORT: String(port),
    REST_PORT: String(restPort),
    MODELS: join(repository, 'examples', 'add'),
    SERVABLE: 'add',
  });
  const cluster = new Cluster(commands, compose, project);
  cleanUp.add('removing the cluster', () =>
    cluster.compose(['down', '--volumes'], { evenIfInterrupted: true }),
  );

  step(`${compose.join(' ')} up: one master, two workers, ${address}`);
  await cluster.compose(['up', '--detach', '--no-build']);
  try {
    await cluster.healthy();
    for (const service of SERVICES) checkContainer(service, await cluster.inspect(service));
    await checkWorkers(cluster);
    step('healthy; the tutorial');
    await checkTutorial(commands, repository, address);
    await checkRest(`127.0.0.1:${restPort}`);
    await hurtWorkers(cluster, address);
    await stopCluster(cluster);
  } catch (error) {
    if (!commands.interruption.aborted)
      console.error(await cluster.logs().catch((failure) => failure.message));
    throw error;
  }
}

async function checkWorkers(cluster) {
  const { workers } = await cluster.status();
  const states = workers.flatMap(({ deviceId, replicas }) =>
    replicas.map(({ state }) => `${deviceId} ${state}`),
  );
  assert.deepEqual(states.toSorted(), ['0 AVAILABLE', '1 AVAILABLE']);
}

/** One worker crashes, the other is killed by the operator; callers must notice neither. */
async function hurtWorkers(cluster, address) {
  const loop = new VerifyingLoop(address);
  cleanUp.add('ending the requests', () => loop.abandon());
  const more = () => loop.answersMore(200, commands.interruption);
  await more();

  step('worker-0 crashes under load: it has to come back by itself');
  const { RestartCount: before } = await cluster.inspect('worker-0');
  await cluster.crash('worker-0');
  await more();
  await cluster.healthy();
  const { RestartCount: after } = await cluster.inspect('worker-0');
  assert.equal(after, before + 1, 'worker-0 was not started again');
  await checkWorkers(cluster);

  step('docker kill of worker-1 under load, and up again');
  await cluster.kill('worker-1');
  await more();
  await cluster.compose(['up', '--detach', '--no-build']);
  await cluster.healthy();
  await checkWorkers(cluster);
  await more();
  console.log(`        ${await loop.stop()} requests, none lost, none wrong`);
}

async function stopCluster(cluster) {
  step('stop');
  const from = performance.now();
  await cluster.compose(['stop']);
  const took = performance.now() - from;
  for (const service of SERVICES) {
    const { State: state } = await cluster.inspect(service);
    assert.equal(`${state.Status} ${state.ExitCode}`, 'exited 0', `${service} did not stop cleanly`);
  }
  assert.ok(took < STOP_GRACE_MS, `stopping took ${took} ms`);
  step('down');
  await cluster.compose(['down', '--volumes']);
  for (const list of [
    ['ps', '--all'],
    ['network', 'ls'],
    ['volume', 'ls'],
  ]) {
    const filter = `label=com.docker.compose.project=${project}`;
    assert.equal(
      await commands.run('docker', [...list, '--quiet', '--filter', filter]),
      '',
      `${list[0]} is not empty`,
    );
  }
}

for (const signal of ['SIGINT', 'SIGTERM', 'SIGHUP']) process.on(signal, () => commands.interrupt(signal));
// A proxy for the machine's way out is none for its own containers.
process.env.no_grpc_proxy = 'localhost,127.0.0.1';

let passed = false;
try {
  await main();
  passed = true;
} catch (error) {
  console.error(
    error instanceof CannotRun
      ? error.message
      : `FAILED: ${commands.interruption.reason?.message ?? error.stack}`,
  );
}
passed = (await cleanUp.run()) && passed;
console.log(`[${seconds()}] ${passed ? 'passed' : 'failed'}`);
process.exitCode = passed ? 0 : 1;
