/** Configurations that throw what is hardly an error, do not come to an end, or end their thread. */
import { functionServable } from '../support/servables.js';
import type { StartFailure } from './model-mistakes.js';

export const oddConfigurations: Readonly<Record<string, StartFailure>> = {
  'a mistake where stacks are made into what is no text': {
    files: functionServable(
      `Error.prepareStackTrace = (_, sites) => sites;\nregisterMethod('', { inputs: [], outputs: [] }, () => []);`,
    ),
    error: "s/servable_config.ts:3: registerMethod: name: expected a text, given ''",
  },
  'an error whose stack is no text': {
    files: functionServable(`throw Object.assign(new RangeError('why'), { stack: [() => 1] });`),
    error: 's/servable_config.ts: RangeError: why',
  },
  'an error that cannot be read': {
    files: functionServable(`throw Object.defineProperties(new Error('why'), {
  stack: { get() { throw 1; } }, name: { get() { throw 2; } } });`),
    error: 's/servable_config.ts: threw why',
  },
  'a configuration that ends the process': {
    files: functionServable(`process.exit(0);`),
    error: 'servable s version 1: the executor thread ended while it loaded the servable (exit code 0)',
  },
  'a configuration that never returns': {
    files: functionServable(`for (;;);`),
    args: ['--load-timeout', '1s'],
    error: 'servable s version 1: loading did not finish within 1000 ms; --load-timeout gives it longer',
  },
  'a configuration that waits for nothing': {
    files: functionServable(`await new Promise(() => undefined);`),
    error: 'servable s version 1: the executor thread ended while it loaded the servable (exit code 13)',
  },
  'a configuration that never finishes': {
    files: functionServable(`await new Promise(() => setInterval(() => undefined, 1000));`),
    args: ['--load-timeout', '1s'],
    error: 'servable s version 1: loading did not finish within 1000 ms; --load-timeout gives it longer',
  },
};
