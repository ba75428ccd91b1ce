// grpcurl, built from the Go module proxy.
import { existsSync } from 'node:fs';
import { join } from 'node:path';

import { cache, makeFolder } from './cache.mjs';
import { run } from './run-program.mjs';

/** By the version of reflection that they ask for: 1.8.8 was the first that knew any but the older one. */
export const grpcurlVersions = { v1: 'v1.9.4', v1alpha: 'v1.8.7' };

/** Returns the program. */
export function ensureGrpcurl(version) {
  const folder = join(cache, `grpcurl-${version}`);
  if (!existsSync(folder)) {
    console.log(`Building grpcurl ${version}`);
    makeFolder(folder, (work) => {
      const env = { ...process.env, GOBIN: work };
      const module = `github.com/fullstorydev/grpcurl/cmd/grpcurl@${version}`;
      run('go', ['install', module], `building grpcurl ${version} with Go`, { env });
    });
  }
  return join(folder, 'grpcurl');
}
