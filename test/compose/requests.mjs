// The host's side: the tutorial's requests, and a loop of requests that checks every single reply.
import assert from 'node:assert/strict';
import { once } from 'node:events';
import { createServer } from 'node:net';
import { setTimeout as sleep } from 'node:timers/promises';

import { Client, outputsOf, tensor } from '@serving/client';

const TUTORIAL_PORT = 5500;
const CALLERS = 8;
const CALL_TIME_LIMIT_MS = 20_000;
const PROGRESS_TIME_LIMIT_MS = 30_000;

/** The tutorial's port, or another one where something already listens on it. */
export async function choosePort() {
  return (await listenBriefly(TUTORIAL_PORT)) ?? (await listenBriefly(0));
}

export async function listenBriefly(port) {
  const probe = createServer().listen(port, '127.0.0.1');
  try {
    await once(probe, 'listening');
    return probe.address().port;
  } catch {
    return undefined;
  } finally {
    probe.close();
  }
}

/** The tutorial's client, and the command line with the request that goes with the example. */
export async function checkTutorial(commands, repository, address) {
  const node = (...args) => commands.run(process.execPath, args, { cwd: repository });
  const tutorial = await node('--import', 'jiti/register', 'examples/add/client.ts', address);
  for (const value of [2, 4, 6])
    assert.ok(tutorial.includes(`Tensor float32 [2,2] [[${value},${value}],[${value},${value}]]`), tutorial);

  const program = 'packages/client/bin/serving-client.js';
  const table = await node(
    program,
    'infer',
    address,
    'add',
    'add_common',
    '--input',
    'examples/add/request.json',
  );
  assert.match(table, /^0 +y +float32 +\[2,2\] +\[\[2, 3\], \[4, 5\]\]$/m);
  assert.match(table, /^1 +y +float32 +\[2,2\] +\[\[0\.75, 0\.75\], \[0\.75, 0\.75\]\]$/m);
}

/** The HTTP port: an answer, readiness of the servable, and metrics of both workers. */
export async function checkRest(address) {
  const get = async (path, options) => {
    const reply = await fetch(`http://${address}${path}`, {
      ...options,
      signal: AbortSignal.timeout(CALL_TIME_LIMIT_MS),
    });
    assert.equal(reply.status, 200, path);
    return reply.text();
  };
  const body = '{"instances": {"x1": [[1.5, 2.0], [3.0, 4.0]], "x2": [[1.5, 1.0], [1.0, 1.0]]}}';
  const answer = JSON.parse(await get('/model/add:add_common', { method: 'POST', body }));
  assert.deepEqual(answer, {
    instances: [
      {
        y: [
          [3, 3],
          [4, 5],
        ],
      },
    ],
  });
  assert.deepEqual(JSON.parse(await get('/readyz/add.add_common')), { ready: true });
  assert.match(await get('/metrics'), /^serving_workers 2$/m);
}

/** Calls without a pause and without a retry; a reply is right when it is the sum of this very request. */
export class VerifyingLoop {
  answered = 0;
  faults = [];
  #client;
  #end = new AbortController();
  #callers;

  constructor(address) {
    this.#client = new Client(address, 'add', 'add_common', { deadlineMs: CALL_TIME_LIMIT_MS });
    this.#callers = Array.from({ length: CALLERS }, (_, caller) => this.#call(caller));
  }

  async #call(caller) {
    for (let turn = 0; !this.#end.signal.aborted; turn += 1) {
      const start = caller * 1_000_000 + turn * 4;
      const instances = Array.from({ length: 1 + (turn % 3) }, (_, index) => instance(start + index));
      try {
        const results = await this.#client.infer(instances);
        assert.deepEqual(results.map(sum), instances.map(expectedSum));
        this.answered += 1;
      } catch (error) {
        this.faults.push(error.message);
        // A server that is gone fails calls by the thousand.
        await sleep(100);
      }
    }
  }

  /** Resolves once as many more requests have been answered; a fault ends the wait. */
  async answersMore(count, signal) {
    const goal = this.answered + count;
    const end = performance.now() + PROGRESS_TIME_LIMIT_MS;
    while (this.answered < goal) {
      this.#assertFaultless();
      const missing = goal - this.answered;
      assert.ok(performance.now() < end, `${missing} of ${count} requests were not answered in time`);
      await sleep(20, undefined, { signal });
    }
    this.#assertFaultless();
  }

  /** Ends the loop after the calls in progress; a fault is an error. */
  async stop() {
    this.#end.abort();
    await Promise.all(this.#callers);
    this.#client.close();
    this.#assertFaultless();
    return this.answered;
  }

  #assertFaultless() {
    const lost = this.faults.length;
    const some = this.faults.slice(0, 5).join('\n');
    assert.equal(
      lost,
      0,
      `${lost} of ${lost + this.answered} requests were lost or wrong, such as:\n${some}`,
    );
  }

  /** For the clean-up: the loop must not outlive the test. */
  abandon() {
    this.#end.abort();
    this.#client.close();
  }
}

function instance(value) {
  return {
    x1: tensor('float32', [2, 2], Float32Array.of(value, value + 1, value + 2, value + 3)),
    x2: tensor('float32', [2, 2], Float32Array.of(1, 2, 3, 4)),
  };
}

function expectedSum({ x1, x2 }) {
  return Array.from(x1.data, (value, index) => value + x2.data[index]);
}

function sum(result) {
  return Array.from(outputsOf(result).y.data);
}
