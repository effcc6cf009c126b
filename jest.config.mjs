const rooms = ['clients', 'managers', 'engines', 'accessors', 'utilities', 'devkit', 'protos', 'bench', 'examples', 'test'];
/** What takes longer than the usual run has room for: `npm run test:long` has it in. */
const tooLong = process.env.COUNTERSIGN_LONG_FORMS === 'yes' ? [] : ['\\.long\\.spec\\.ts$'];
export default {
  testEnvironment: 'node',
  testPathIgnorePatterns: ['/node_modules/', ...tooLong],
  roots: rooms.map((room) => `<rootDir>/${room}`),
  testMatch: ['**/*.spec.ts'],
  extensionsToTreatAsEsm: ['.ts'],
  transform: {
    '^.+\\.ts$': [
      '@swc/jest',
      {
        jsc: {
          target: 'es2023',
          parser: { syntax: 'typescript', decorators: true },
          keepClassNames: true,
          transform: { legacyDecorator: true, decoratorMetadata: true, useDefineForClassFields: false },
        },
        module: { type: 'es6' },
        sourceMaps: 'inline',
      },
    ],
  },
  moduleNameMapper: {
    '^#(clients|managers|engines|accessors|utilities|devkit|protos)/(.*)\\.js$': '<rootDir>/$1/$2.ts',
    '^(\\.{1,2}/.*)\\.js$': '$1',
  },
  setupFiles: ['<rootDir>/test/setup.ts'],
  globalSetup: '<rootDir>/test/global-setup.mjs',
  globalTeardown: '<rootDir>/test/global-teardown.mjs',
  testTimeout: 30_000,
  // One worker less than there are cores, Jest's own default, would leave half of a small machine idle.
  maxWorkers: 2,
  workerIdleMemoryLimit: '1GB',
  reporters: ['default', '<rootDir>/test/ci-reporter.mjs'],
};
