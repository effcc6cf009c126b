// The architecture as rules. Each one has a planted violation in test/arch/rooms.spec.ts that must be caught by it and by no other.
// `$1` in a `to` is what the first group of its `from` caught.
const rooms = 'clients|managers|engines|accessors|utilities';
/** Specs, and what only they use: fixtures beside the code. */
const spec = '\\.spec\\.ts$|/fixtures/';
const module = '\\.module\\.ts$';
/** `contract.ts`, and the contracts of plug-ins (`identity-provider.contract.ts`). */
const contract = '(^|[/.])contract\\.ts$';
/** The files right under clients/ name the implementations and wire them; nothing else may. */
const compositionRoot = '^clients/[^/]+\\.ts$';
const errors = '^utilities/errors/';
const devCommands = '^clients/cli/(commands/)?(dev|demo)';
const outside = '^(test|examples|bench)/';

/** What its manifest names. */
const sdkPeers = ['reflect-metadata', '@grpc/grpc-js', '@nestjs/(common|core|microservices)', 'rxjs', 'fastify', 'node'];

const rule = (name, comment, edge) => ({ name, comment, severity: 'error', ...edge });
const pkg = (...names) => `node_modules/(@types/)?(${names.join('|')})/`;
/** A package may be imported from these places alone, by specs anywhere, and by tests, examples and benches. */
const home = (name, packages, ...places) =>
  rule(
    `${name}-has-one-home`,
    `${packages.join(', ')} may be imported from ${places.join(', ')} alone, so that replacing it touches one place.`,
    { from: { pathNot: [spec, outside, ...places] }, to: { path: pkg(...packages) } },
  );

/**
 * An Engine is handed an Accessor by its module, which needs the Accessor's symbol, a value. Types of data in the contracts of
 * Accessors are free: nothing can be injected by a type.
 */
const engineReaches = (name, from, allowed) =>
  rule(
    name,
    'Only TokenValidationEngine → IssuerAccess and SigningEngine → KeyAccess: which key is needed is known only half-way.',
    { from, to: { path: '^accessors/', pathNot: allowed, dependencyTypesNot: ['type-only'] } },
  );

export default {
  forbidden: [
    rule(
      'client-enters-at-a-manager',
      'A Client asks a Manager. Reaching past it would put the sequence of a use case into a transport.',
      { from: { path: '^clients/', pathNot: [compositionRoot, spec] }, to: { path: '^(engines|accessors)/' } },
    ),
    rule('manager-not-sideways', 'Managers do not call one another: what they share belongs into an Engine.', {
      from: { path: '^managers/([^/]+)/', pathNot: spec },
      to: { path: '^managers/', pathNot: '^managers/$1/' },
    }),
    rule('engine-not-sideways', 'Engines never call one another: a Manager puts them in sequence.', {
      from: { path: '^engines/([^/]+)/', pathNot: spec },
      to: { path: '^engines/', pathNot: '^engines/$1/' },
    }),
    rule('accessor-not-sideways', 'Accessors never call one another: a Manager reads from one and hands on to the next.', {
      from: { path: '^accessors/([^/]+)/', pathNot: spec },
      to: { path: '^accessors/', pathNot: '^accessors/$1/' },
    }),
    rule('manager-not-up', 'Managers do not know who drives them.', {
      from: { path: '^managers/', pathNot: spec },
      to: { path: '^(clients|devkit|bench|examples)/' },
    }),
    rule('engine-not-up', 'Engines do not know the use case they serve.', {
      from: { path: '^engines/', pathNot: spec },
      to: { path: '^(clients|managers|devkit|bench|examples)/' },
    }),
    rule('accessor-not-up', 'Accessors do not know who asks.', {
      from: { path: '^accessors/', pathNot: spec },
      to: { path: '^(clients|managers|engines|devkit|bench|examples)/' },
    }),
    rule('utilities-know-no-domain', 'A Utility could serve a cappuccino machine: it knows nothing of this product.', {
      from: { path: '^utilities/', pathNot: spec },
      to: { path: '^(clients|managers|engines|accessors|protos|devkit|bench|examples)/' },
    }),
    rule(
      'wire-formats-stay-at-the-edge',
      'Generated messages are a transport: Managers, Engines and Accessors speak their own types.',
      { from: { path: '^(managers|engines|accessors)/', pathNot: spec }, to: { path: '^protos/' } },
    ),
    rule(
      'cross-rooms-by-contract',
      'Another folder is known by its contract alone, so that its implementation can be replaced.',
      {
        from: { path: `^(${rooms})/([^/]+)/`, pathNot: [module, spec] },
        to: { path: `^(${rooms})/[^/]+/`, pathNot: ['^$1/$2/', contract, errors] },
      },
    ),
    rule(
      'modules-import-modules-and-contracts',
      'A module wires its own folder; what it needs of others it asks for by their contract and module.',
      {
        from: { path: `^(${rooms})/([^/]+)/.*\\.module\\.ts$` },
        to: { path: `^(${rooms})/[^/]+/`, pathNot: ['^$1/$2/', contract, module, errors] },
      },
    ),
    engineReaches(
      'engine-reaches-no-accessor',
      { path: '^engines/', pathNot: [spec, '^engines/(token-validation|signing)/'] },
      [],
    ),
    engineReaches('token-validation-reaches-issuer-alone', { path: '^engines/token-validation/', pathNot: spec }, [
      '^accessors/issuer/',
    ]),
    engineReaches('signing-reaches-key-alone', { path: '^engines/signing/', pathNot: spec }, ['^accessors/key/']),
    rule('nest-stays-in-clients-and-modules', 'Services are plain classes; Nest only wires them.', {
      from: { path: '^(managers|engines|accessors|utilities|devkit)/', pathNot: [module, spec] },
      to: { path: 'node_modules/@nestjs/' },
    }),
    rule('engines-do-no-io', 'An Engine judges what it is given.', {
      from: { path: '^engines/', pathNot: spec },
      to: {
        path:
          '^(node:)?(fs|net|http|https|http2|dns|tls|dgram|child_process|worker_threads|cluster|readline|inspector|sqlite)(/|$)|' +
          pkg('typeorm', 'pg', '@electric-sql/pglite', 'undici', 'pino', 'fastify', '@grpc/[^/]+', '@azure/[^/]+'),
      },
    }),
    rule('contracts-are-leaves', 'A contract says what is promised, in terms of other contracts alone.', {
      from: { path: `^(${rooms})/.*[/.]contract\\.ts$` },
      to: { pathNot: [contract, '^utilities/errors/catalogue', '^(node:)?crypto$', pkg('jose')] },
    }),
    rule('contracts-import-types-alone', 'What a contract imports as a value is loaded with it by everyone.', {
      from: { path: `^(${rooms})/.*[/.]contract\\.ts$` },
      to: { dependencyTypesNot: ['type-only'] },
    }),
    rule('no-production-to-test', 'What runs in production does not need the tests.', {
      from: { path: `^(${rooms}|devkit|protos|bench|examples)/`, pathNot: spec },
      to: { path: `^test/|${spec}` },
    }),
    rule('devkit-stays-out-of-production', 'Stand-ins are for the dev and demo commands, tests, benches and examples.', {
      from: { path: `^(${rooms}|protos)/`, pathNot: [spec, devCommands] },
      to: { path: '^devkit/' },
    }),
    rule('sources-import-sources', 'Importing what was built would use a copy that may be old.', {
      from: {},
      to: { path: '^dist/' },
    }),
    home('typeorm', ['typeorm'], '^utilities/database/', '^utilities/change-feed/migrations/', '^accessors/[^/]+/migrations/'),
    home('database-driver', ['pg', '@electric-sql/pglite'], '^utilities/database/', '^devkit/postgres'),
    rule(
      'sdk-stands-alone',
      'The library for other services is a package of its own: it has its folder, Node, and the packages that its manifest names.',
      {
        from: { path: '^clients/sdk/', pathNot: spec },
        to: { pathNot: ['^clients/sdk/', pkg(...sdkPeers)], dependencyTypesNot: ['core'] },
      },
    ),
    rule('nest-in-the-sdk-has-one-home', 'Whoever has no Nest uses the rest of the library.', {
      from: { path: '^clients/sdk/', pathNot: [spec, '^clients/sdk/nestjs/'] },
      to: { path: pkg('@nestjs/[^/]+', 'rxjs', 'reflect-metadata') },
    }),
    home(
      'grpc',
      ['@grpc/[^/]+', 'grpc-health-check'],
      '^clients/grpc/',
      '^clients/sdk/(grpc|nestjs|caller)/',
      '^protos/generated/',
      '^devkit/demonstration/',
    ),
    home('jose', ['jose'], '^engines/(token-validation|signing)/', '^accessors/(issuer|key)/', '^devkit/'),
    home('msal', ['@azure/msal-node'], '^accessors/directory/', '^accessors/key/vault/'),
    home('fastify', ['fastify', '@fastify/[^/]+'], '^clients/rest/', '^clients/sdk/fastify/'),
    home('openfeature', ['@openfeature/[^/]+'], '^accessors/facts/sources/', '^clients/fact-sources\\.ts$'),
    home('csv', ['csv-parse'], '^managers/administration/live/'),
    home('pino', ['pino'], '^utilities/logging/'),
    home('cel', ['@bufbuild/(cel|re2)'], '^engines/permission/cel/'),
    home('zod', ['zod'], '^utilities/config/', '^managers/administration/', '^engines/permission/language/', '^clients/'),
    rule(
      'oracle-imports-nothing',
      'The second opinion on tokens shares no code with the engine that it judges: it has its own folder and Node, nothing else.',
      { from: { path: '^test/fuzz/oracle/', pathNot: spec }, to: { pathNot: ['^test/fuzz/oracle/', '^(node:)?crypto$'] } },
    ),
    rule(
      'second-reading-imports-contracts-alone',
      'The second reading of the permission model shares no code with the engine that it judges, types included: it has its own folder and the contracts of policy and facts.',
      {
        from: { path: '^test/oracle/', pathNot: spec },
        to: { pathNot: ['^test/oracle/', '^accessors/(policy|facts)/contract\\.ts$', '^utilities/time-window/contract\\.ts$'] },
      },
    ),
    rule('no-circular', 'A cycle has no first file to read.', { from: {}, to: { circular: true } }),
    rule('no-orphans', 'A file that nothing uses and that uses nothing is left over.', {
      from: { orphan: true, pathNot: ['\\.d\\.ts$', '(^|/)[^/]*\\.config\\.mjs$', '^test/(setup\\.ts|ci-reporter\\.mjs)$'] },
      to: {},
    }),
    rule('no-unresolvable', 'An import that leads nowhere hides from every other rule.', {
      from: {},
      to: { couldNotResolve: true },
    }),
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
