/**
 * Two projects: `unit` maps the packages to their sources, so it needs no build; `system` runs what users run, the
 * compiled packages, because a worker thread does not go through Jest's transform.
 */
const shared = {
  extensionsToTreatAsEsm: ['.ts'],
  transform: {
    '^.+\\.ts$': [
      '@swc/jest',
      {
        jsc: { parser: { syntax: 'typescript' }, target: 'es2023' },
        module: { type: 'es6' },
        sourceMaps: 'inline',
      },
    ],
  },
};
const stripJs = { '^(\\.{1,2}/.*)\\.js$': '$1' };

export default {
  projects: [
    {
      ...shared,
      displayName: 'unit',
      testMatch: ['<rootDir>/packages/*/test/**/*.test.ts'],
      moduleNameMapper: { '^@serving/(\\w+)$': '<rootDir>/packages/$1/src/index.ts', ...stripJs },
    },
    {
      ...shared,
      displayName: 'system',
      testMatch: ['<rootDir>/test/**/*.test.ts'],
      moduleNameMapper: stripJs,
    },
  ],
  // Two cores: each test that starts servers brings processes of its own.
  maxWorkers: 2,
  testTimeout: 60_000,
};
