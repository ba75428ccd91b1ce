// The clients to check, with all that they need: downloaded, built and kept in a cache.
import { join } from 'node:path';

import { CannotRun } from './cannot-run.mjs';
import { ensureGrpcurl, ensureH2spec, grpcurlVersions } from './go-program.mjs';
import { mindsporeReleases } from './mindspore-releases.mjs';
import { ensurePerfAnalyzer } from './perf-analyzer.mjs';
import { ensurePromtool } from './promtool.mjs';
import { ensureEnvironment, findPython } from './python-environment.mjs';

/** Those of Open Inference clients, and the server's ports. */
const protocols = ['grpc', 'http'];

/**
 * Every client: its name, its protocol, its interpreter, the folders to put on Python's path, the program that checks it
 * and what that is told besides; or its name and why it cannot be run here.
 */
export function prepareClients() {
  const basePython = findPython();
  const interpreter = ensureEnvironment(basePython, 'requirements.txt', 'grpc, google.protobuf, numpy');
  return [
    ...mindsporeClients(interpreter),
    ...prepared(nameEach('tritonclient'), () => {
      const modules = 'tritonclient.grpc, tritonclient.http.aio';
      const triton = ensureEnvironment(basePython, 'requirements-triton.txt', modules);
      return [
        { protocol: 'grpc', interpreter: triton, checks: join('triton', 'main.py') },
        { protocol: 'http', interpreter: triton, checks: join('triton_http', 'main.py') },
      ];
    }),
    ...prepared(nameEach('perf_analyzer'), () => {
      const program = ensurePerfAnalyzer(interpreter);
      return eachProtocol({
        interpreter,
        checks: join('perf_analyzer', 'main.py'),
        options: ['--program', program],
      });
    }),
    ...prepared(nameEach('kserve'), () => {
      const kserve = ensureEnvironment(basePython, 'requirements-kserve.txt', 'kserve');
      return eachProtocol({ interpreter: kserve, checks: join('kserve', 'main.py') });
    }),
    ...Object.values(grpcurlVersions).flatMap((version) =>
      prepared([`grpcurl-${version}`], () => {
        const program = ensureGrpcurl(version);
        const checks = join('grpcurl', 'main.py');
        return [{ protocol: 'grpc', interpreter, checks, options: ['--program', program] }];
      }),
    ),
    ...prepared(['h2spec'], () => {
      const options = ['--program', ensureH2spec()];
      const checks = join('h2spec', 'main.mjs');
      return [{ protocol: 'grpc', interpreter: process.execPath, checks, options }];
    }),
    ...prepared(['rest-requests', 'rest-urllib', 'tensorflow-rest-requests'], () => {
      const requests = ensureEnvironment(basePython, 'requirements-requests.txt', 'numpy, requests');
      const client = { protocol: 'http', interpreter: requests };
      const mindspore = { ...client, checks: join('rest', 'main.py') };
      return [mindspore, mindspore, { ...client, checks: join('tensorflow', 'main.py') }];
    }),
    ...prepared(['schemathesis'], () => {
      const schemathesis = ensureEnvironment(basePython, 'requirements-schemathesis.txt', 'schemathesis');
      return [{ protocol: 'http', interpreter: schemathesis, checks: join('schemathesis', 'main.py') }];
    }),
    // Last: what it checks is what the others have left.
    ...prepared(['promtool'], () => {
      const options = ['--program', ensurePromtool()];
      const checks = join('promtool', 'main.mjs');
      return [{ protocol: 'http', interpreter: process.execPath, checks, options }];
    }),
  ];
}

function mindsporeClients(interpreter) {
  const client = { protocol: 'grpc', interpreter, checks: join('checks', 'main.py') };
  const released = mindsporeReleases(interpreter).map(({ name, folder }) => ({
    ...client,
    name,
    paths: [folder],
  }));
  // Releases up to 1.2 put instances in field 3, and none of them is on PyPI as a wheel.
  const field3 = { ...client, name: 'raw-1.2-field-3', paths: [join(import.meta.dirname, 'client-1.2')] };
  return [...released, field3];
}

const nameEach = (name) => protocols.map((protocol) => `${name}-${protocol}`);

function eachProtocol({ options = [], ...client }) {
  return protocols.map((protocol) => ({
    ...client,
    protocol,
    options: [...options, '--protocol', protocol],
  }));
}

/** @param prepare gives a client for each name, in order */
function prepared(names, prepare) {
  try {
    return prepare().map((client, index) => ({ ...client, name: names[index] }));
  } catch (error) {
    if (!(error instanceof CannotRun)) throw error;
    return names.map((name) => ({ name, problem: error.message }));
  }
}
