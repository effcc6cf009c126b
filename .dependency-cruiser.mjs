// The architecture as rules. Each one has a planted violation in test/arch/rooms.spec.ts that must be caught by it and by no other.
// `$1` in a `to` is what the first group of its `from` caught.
const rooms = 'clients|managers|engines|accessors|utilities';
const spec = '\\.spec\\.ts$';
const module = '\\.module\\.ts$';
/** `contract.ts`, and the contracts of plug-ins (`identity-provider.contract.ts`). */
const contract = '(^|[/.])contract\\.ts$';
/** The files right under clients/ name the implementations and wire them; nothing else may. */
const compositionRoot = '^clients/[^/]+\\.ts$';
const errors = '^utilities/errors/';
const devCommands = '^clients/cli/(commands/)?(dev|demo)';
const outside = '^(test|examples|bench)/';

const rule = (name, comment, from, to) => ({ name, comment, severity: 'error', from, to });
const pkg = (...names) => `node_modules/(@types/)?(${names.join('|')})/`;
/** A package may be imported from these places alone, by specs anywhere, and by tests, examples and benches. */
const home = (name, packages, ...places) =>
  rule(
    `${name}-has-one-home`,
    `${packages.join(', ')} may be imported from ${places.join(', ')} alone, so that replacing it touches one place.`,
    { pathNot: [spec, outside, ...places] },
    { path: pkg(...packages) },
  );

/**
 * An Engine is handed an Accessor by its module, which needs the Accessor's symbol, a value. Types of data in the contracts of
 * Accessors are free: nothing can be injected by a type.
 */
const engineReaches = (name, path, pathNot, allowed) =>
  rule(
    name,
    'Only TokenValidationEngine → IssuerAccess and SigningEngine → KeyAccess: which key is needed is known only half-way.',
    { path, pathNot },
    { path: '^accessors/', pathNot: allowed, dependencyTypesNot: ['type-only'] },
  );

export default {
  forbidden: [
    rule(
      'client-enters-at-a-manager',
      'A Client asks a Manager. Reaching past it would put the sequence of a use case into a transport.',
      { path: '^clients/', pathNot: [compositionRoot, spec] },
      { path: '^(engines|accessors)/' },
    ),
    rule(
      'manager-not-sideways',
      'Managers do not call one another: what they share belongs into an Engine.',
      { path: '^managers/([^/]+)/', pathNot: spec },
      { path: '^managers/', pathNot: '^managers/$1/' },
    ),
    rule(
      'engine-not-sideways',
      'Engines never call one another: a Manager puts them in sequence.',
      { path: '^engines/([^/]+)/', pathNot: spec },
      { path: '^engines/', pathNot: '^engines/$1/' },
    ),
    rule(
      'accessor-not-sideways',
      'Accessors never call one another: a Manager reads from one and hands on to the next.',
      { path: '^accessors/([^/]+)/', pathNot: spec },
      { path: '^accessors/', pathNot: '^accessors/$1/' },
    ),
    rule(
      'manager-not-up',
      'Managers do not know who drives them.',
      { path: '^managers/', pathNot: spec },
      { path: '^(clients|devkit|bench|examples)/' },
    ),
    rule(
      'engine-not-up',
      'Engines do not know the use case they serve.',
      { path: '^engines/', pathNot: spec },
      { path: '^(clients|managers|devkit|bench|examples)/' },
    ),
    rule(
      'accessor-not-up',
      'Accessors do not know who asks.',
      { path: '^accessors/', pathNot: spec },
      { path: '^(clients|managers|engines|devkit|bench|examples)/' },
    ),
    rule(
      'utilities-know-no-domain',
      'A Utility could serve a cappuccino machine: it knows nothing of this product.',
      { path: '^utilities/', pathNot: spec },
      { path: '^(clients|managers|engines|accessors|protos|devkit|bench|examples)/' },
    ),
    rule(
      'wire-formats-stay-at-the-edge',
      'Generated messages are a transport: Managers, Engines and Accessors speak their own types.',
      { path: '^(managers|engines|accessors)/', pathNot: spec },
      { path: '^protos/' },
    ),
    rule(
      'cross-rooms-by-contract',
      'Another folder is known by its contract alone, so that its implementation can be replaced.',
      { path: `^(${rooms})/([^/]+)/`, pathNot: [module, spec] },
      { path: `^(${rooms})/[^/]+/`, pathNot: ['^$1/$2/', contract, errors] },
    ),
    rule(
      'modules-import-modules-and-contracts',
      'A module wires its own folder; what it needs of others it asks for by their contract and module.',
      { path: `^(${rooms})/([^/]+)/.*\\.module\\.ts$` },
      { path: `^(${rooms})/[^/]+/`, pathNot: ['^$1/$2/', contract, module, errors] },
    ),
    engineReaches('engine-reaches-no-accessor', '^engines/', [spec, '^engines/(token-validation|signing)/'], []),
    engineReaches('token-validation-reaches-issuer-alone', '^engines/token-validation/', [spec], ['^accessors/issuer/']),
    engineReaches('signing-reaches-key-alone', '^engines/signing/', [spec], ['^accessors/key/']),
    rule(
      'nest-stays-in-clients-and-modules',
      'Services are plain classes; Nest only wires them.',
      { path: '^(managers|engines|accessors|utilities|devkit)/', pathNot: [module, spec] },
      { path: 'node_modules/@nestjs/' },
    ),
    rule(
      'engines-do-no-io',
      'An Engine judges what it is given.',
      { path: '^engines/', pathNot: spec },
      {
        path:
          '^(node:)?(fs|net|http|https|http2|dns|tls|dgram|child_process|worker_threads|cluster|readline|inspector|sqlite)(/|$)|' +
          pkg('typeorm', 'pg', '@electric-sql/pglite', 'undici', 'pino', 'fastify', '@grpc/[^/]+', '@azure/[^/]+'),
      },
    ),
    rule(
      'contracts-are-leaves',
      'A contract says what is promised, in terms of other contracts alone.',
      { path: `^(${rooms})/.*[/.]contract\\.ts$` },
      { pathNot: [contract, '^utilities/errors/catalogue', '^(node:)?crypto$', pkg('jose')] },
    ),
    rule(
      'contracts-import-types-alone',
      'What a contract imports as a value is loaded with it by everyone.',
      { path: `^(${rooms})/.*[/.]contract\\.ts$` },
      { dependencyTypesNot: ['type-only'] },
    ),
    rule(
      'no-production-to-test',
      'What runs in production does not need the tests.',
      { path: `^(${rooms}|devkit|protos|bench|examples)/`, pathNot: spec },
      { path: `^test/|${spec}` },
    ),
    rule(
      'devkit-stays-out-of-production',
      'Stand-ins are for the dev and demo commands, tests, benches and examples.',
      { path: `^(${rooms}|protos)/`, pathNot: [spec, devCommands] },
      { path: '^devkit/' },
    ),
    rule(
      'sources-import-sources',
      'Importing what was built would use a copy that may be old.',
      {},
      { path: '^dist/' },
    ),
    home('typeorm', ['typeorm'], '^utilities/database/', '^utilities/change-feed/migrations/', '^accessors/[^/]+/migrations/'),
    home('database-driver', ['pg', '@electric-sql/pglite'], '^utilities/database/', '^devkit/postgres'),
    home('grpc', ['@grpc/[^/]+', 'grpc-health-check'], '^clients/grpc/', '^protos/generated/'),
    home('jose', ['jose'], '^engines/(token-validation|signing)/', '^accessors/(issuer|key)/', '^devkit/'),
    home('fastify', ['fastify', '@fastify/[^/]+'], '^clients/rest/'),
    home('pino', ['pino'], '^utilities/logging/'),
    home('zod', ['zod'], '^utilities/config/', '^managers/administration/', '^clients/'),
    rule('no-circular', 'A cycle has no first file to read.', {}, { circular: true }),
    rule(
      'no-orphans',
      'A file that nothing uses and that uses nothing is left over.',
      { orphan: true, pathNot: ['\\.d\\.ts$', '(^|/)[^/]*\\.config\\.mjs$', '^test/(setup\\.ts|ci-reporter\\.mjs)$'] },
      {},
    ),
    rule('no-unresolvable', 'An import that leads nowhere hides from every other rule.', {}, { couldNotResolve: true }),
  ],
  options: {
    doNotFollow: { path: ['node_modules', '^dist/'] },
    exclude: { path: '^coverage/' },
    tsConfig: { fileName: 'tsconfig.json' },
    // Without this, imports of types are unseen, and nearly all imports between rooms are imports of types.
    tsPreCompilationDeps: true,
    enhancedResolveOptions: {
      exportsFields: ['exports'],
      conditionNames: ['types', 'import', 'node', 'default'],
    },
  },
};
