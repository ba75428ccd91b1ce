import { fileURLToPath } from 'node:url';

const file = fileURLToPath(new URL('../bin/serving-worker.js', import.meta.url));

/**
 * Arguments of node that run the `serving-worker` program, for whoever starts it as a child process: the flags of its first
 * line, which only a shell would read, and its file.
 */
export const workerProgram = ['--max-semi-space-size=32', '--heap-growing-percent=400', file] as const;
