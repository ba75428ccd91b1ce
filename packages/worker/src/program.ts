import { fileURLToPath } from 'node:url';

/** The file of the `serving-worker` program, for whoever starts it as a child process. */
export const workerProgram = fileURLToPath(new URL('../bin/serving-worker.js', import.meta.url));
