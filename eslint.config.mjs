import { defineConfig, globalIgnores } from 'eslint/config';
import tseslint from 'typescript-eslint';

const SPECS = ['**/*.spec.ts', '**/fixtures/**/*.ts', 'test/**/*.ts'];
const OUTSIDE = ['bench/**/*.ts', 'examples/**/*.ts'];

// What may be written in one place alone, so that it can be replaced or counted there.
const TIME = [
  ['CallExpression[callee.object.name="Date"][callee.property.name="now"]', 'Ask the Clock.'],
  ['NewExpression[callee.name="Date"][arguments.length=0]', 'Ask the Clock.'],
  ['CallExpression[callee.name="Date"]', 'Ask the Clock.'],
  ['CallExpression[callee.object.name="performance"][callee.property.name="now"]', 'Ask the Clock for monotonic time.'],
  ['MemberExpression[object.name="process"][property.name="hrtime"]', 'Ask the Clock for monotonic time.'],
];
const CHANCE = [
  [
    'MemberExpression[object.name="Math"][property.name="random"]',
    'Ask the IdSource, or crypto.randomBytes for keys and secrets.',
  ],
  ['CallExpression[callee.property.name="randomUUID"]', 'Ask the IdSource.'],
  ['CallExpression[callee.name="randomUUID"]', 'Ask the IdSource.'],
  ['ImportSpecifier[imported.name="randomUUID"]', 'Ask the IdSource.'],
];
const ENVIRONMENT = [
  ['MemberExpression[object.name="process"][property.name="env"]', 'The environment is read by the composition root alone.'],
  ['ImportDeclaration[source.value=/^(node:)?process$/]', 'Use the global; what it may be used for is checked there.'],
];
const CONSOLE = [['MemberExpression[object.name="console"]', 'Use the Logger.']];
const NETWORK = [
  ['CallExpression[callee.name="fetch"]', 'An Engine does no I/O: ask an Accessor, or let the Manager do it.'],
  ['CallExpression[callee.name=/^(setTimeout|setInterval|setImmediate)$/]', 'An Engine starts nothing that outlives its call.'],
];
const SHAPE = [
  ['ExportDefaultDeclaration', 'Named exports only: a name that the importer chooses cannot be searched for.'],
  ['ExportAllDeclaration[exported=null]', 'No barrels: import from the file that has it.'],
  ['TSEnumDeclaration', 'Use a union of string literals.'],
  ['TSTypeReference[typeName.name="any"]', 'Use unknown and a guard.'],
];

/** Later settings of a rule replace earlier ones, so that each home lists all that still holds in it. */
const restrict = (...groups) => ({
  'no-restricted-syntax': ['error', ...groups.flat().map(([selector, message]) => ({ selector, message }))],
});
const home = (files, ...groups) => ({ files, rules: restrict(SHAPE, ...groups) });

const size = {
  complexity: ['error', 10],
  'max-depth': ['error', 3],
  'max-params': ['error', 3],
  'max-lines': ['error', 400],
  'max-lines-per-function': ['error', { max: 60, skipBlankLines: true, skipComments: true }],
};

/** The nearest rules of the architecture, for the editor; dependency-cruiser judges. */
const forbid = (files, rooms) => ({
  files,
  ignores: SPECS,
  rules: {
    'no-restricted-imports': [
      'error',
      { patterns: [{ regex: `^#(${rooms.join('|')})/`, message: 'Calls go downwards: see docs/adr/0001.' }] },
    ],
  },
});

export default defineConfig(
  globalIgnores(['dist/', 'coverage/', 'protos/generated/', '.countersign/']),
  { linterOptions: { reportUnusedDisableDirectives: 'error' } },
  {
    files: ['**/*.ts'],
    extends: [tseslint.configs.strictTypeChecked],
    languageOptions: { parserOptions: { projectService: true, tsconfigRootDir: import.meta.dirname } },
    rules: {
      ...size,
      ...restrict(SHAPE, TIME, CHANCE, ENVIRONMENT, CONSOLE),
      eqeqeq: 'error',
      'no-eval': 'error',
      'no-new-func': 'error',
      'no-else-return': 'error',
      '@typescript-eslint/no-unused-vars': ['error', { argsIgnorePattern: '^_', ignoreRestSiblings: true }],
      '@typescript-eslint/consistent-type-imports': 'error',
      '@typescript-eslint/switch-exhaustiveness-check': ['error', { considerDefaultExhaustiveForUnions: true }],
      '@typescript-eslint/no-confusing-void-expression': ['error', { ignoreArrowShorthand: true }],
      '@typescript-eslint/restrict-template-expressions': ['error', { allowNumber: true }],
      // Nest declares the options of its factories as classes, and means their shape.
      '@typescript-eslint/no-unsafe-class-instance-assignment': 'off',
      // A Nest module is a class of nothing but its decorator.
      '@typescript-eslint/no-extraneous-class': ['error', { allowWithDecorator: true }],
      // A contract's operation is async where it throws, so that a caller sees a rejection and never a throw.
      '@typescript-eslint/require-await': 'off',
    },
  },
  forbid(['managers/**/*.ts'], ['clients', 'devkit']),
  forbid(['engines/**/*.ts'], ['clients', 'managers', 'devkit']),
  forbid(['accessors/**/*.ts'], ['clients', 'managers', 'engines', 'devkit']),
  forbid(['utilities/**/*.ts'], ['clients', 'managers', 'engines', 'accessors', 'devkit', 'protos']),
  home(['engines/**/*.ts'], TIME, CHANCE, ENVIRONMENT, CONSOLE, NETWORK),
  home(['utilities/clock/**/*.ts'], CHANCE, ENVIRONMENT, CONSOLE),
  home(['utilities/id/**/*.ts'], TIME, ENVIRONMENT, CONSOLE),
  home(['clients/**/*.ts'], TIME, CHANCE, CONSOLE),
  home(['clients/cli/**/*.ts'], TIME, CHANCE),
  home(['devkit/**/*.ts'], TIME, CHANCE, ENVIRONMENT),
  home([...OUTSIDE, ...SPECS]),
  {
    files: [...SPECS, ...OUTSIDE],
    rules: {
      'max-lines-per-function': 'off',
      'max-params': 'off',
      '@typescript-eslint/no-non-null-assertion': 'off',
      '@typescript-eslint/unbound-method': 'off',
      '@typescript-eslint/no-unsafe-assignment': 'off',
    },
  },
  // A module's factory is handed one argument for each thing it wires.
  { files: ['**/*.module.ts'], rules: { 'max-params': 'off' } },
  {
    files: ['**/*.mjs'],
    ignores: ['**/*.config.mjs', '.dependency-cruiser.mjs', 'test/ci-reporter.mjs', 'test/global-*.mjs'],
    rules: restrict(SHAPE),
  },
  {
    files: ['**/*.mjs'],
    extends: [tseslint.configs.base],
    rules: {
      ...size,
      eqeqeq: 'error',
      'no-eval': 'error',
      'no-else-return': 'error',
      'no-unused-vars': 'error',
      'no-var': 'error',
      'prefer-const': 'error',
    },
  },
);
