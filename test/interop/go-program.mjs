// Programs built from the Go module proxy.
import { existsSync } from 'node:fs';
import { join } from 'node:path';

import { cache, makeFolder } from './cache.mjs';
import { run } from './run-program.mjs';

/** By the version of reflection that they ask for: 1.8.8 was the first that knew any but the older one. */
export const grpcurlVersions = { v1: 'v1.9.4', v1alpha: 'v1.8.7' };
/** The newest that Go takes: later ones say 2 and are not named so. */
export const h2specVersion = 'v2.2.1+incompatible';

export const ensureGrpcurl = (version) =>
  ensureProgram('github.com/fullstorydev/grpcurl/cmd/grpcurl', version);
export const ensureH2spec = () => ensureProgram('github.com/summerwind/h2spec/cmd/h2spec', h2specVersion);

/** Returns the program, which is named after the last part of its package. */
function ensureProgram(goPackage, version) {
  const name = goPackage.slice(goPackage.lastIndexOf('/') + 1);
  const folder = join(cache, `${name}-${version}`);
  if (!existsSync(folder)) {
    console.log(`Building ${name} ${version}`);
    makeFolder(folder, (work) => {
      const env = { ...process.env, GOBIN: work };
      run('go', ['install', `${goPackage}@${version}`], `building ${name} ${version} with Go`, { env });
    });
  }
  return join(folder, name);
}
