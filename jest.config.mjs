import { existsSync } from 'node:fs';
import { join } from 'node:path';

// Specs run from dist, where tsc has put them: no transform. The sets that need outside servers or minutes are named
// by their file (*.engines.spec, *.faults.spec, *.live.spec) and chosen by HARTO_TEST_SET.
const set = process.env.HARTO_TEST_SET ?? 'standard';
const special = ['engines', 'faults', 'live'];
if (set !== 'standard' && !special.includes(set)) {
  throw new Error(`HARTO_TEST_SET is ${set}; known: standard, ${special.join(', ')}`);
}
const roots = ['libs', 'apps', 'test', 'scripts'].filter((name) =>
  existsSync(join(import.meta.dirname, name)),
);
const suffix = set === 'standard' ? 'spec' : `${set}.spec`;

export default {
  rootDir: import.meta.dirname,
  roots: roots.map((name) => `<rootDir>/${name}`),
  testMatch: [`**/dist/**/*.${suffix}.js`, `<rootDir>/scripts/**/*.${suffix}.mjs`],
  testPathIgnorePatterns: [
    '/node_modules/',
    ...(set === 'standard' ? special.map((name) => `\\.${name}\\.spec\\.m?js$`) : []),
  ],
  transform: {},
  globalSetup: '<rootDir>/libs/testing/dist/jest-global-setup.js',
  globalTeardown: '<rootDir>/libs/testing/dist/jest-global-teardown.js',
  reporters: ['default', '<rootDir>/scripts/count-reporter.mjs'],
  maxWorkers: 2,
  // For a machine that is ten times slower: tests wait for states, and this ends those that never come.
  testTimeout: 300_000,
  haste: { forceNodeFilesystemAPI: true },
  watchman: false,
};
