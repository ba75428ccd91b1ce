#!/usr/bin/env -S node --max-semi-space-size=32 --heap-growing-percent=400
// Requests in flight are copied by every collection of the young generation, so a larger one makes each cost less. Received
// bytes lie outside of the heap but count as growth of it, so one that may grow little is collected as a whole all the time.
await import('../dist/main.js').catch((error) => {
  if (error.code !== 'ERR_MODULE_NOT_FOUND' || !String(error.message).includes('dist/main.js')) throw error;
  console.error('serving-master is not built yet: run `npm run build` in the repository first.');
  process.exitCode = 2;
});
