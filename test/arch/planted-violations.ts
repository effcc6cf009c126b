/** A small house that keeps every rule. */
export const HOUSE: Readonly<Record<string, string>> = {
  'clients/main.ts': `import { CLOCK } from '#utilities/clock/contract.js';
import { SystemClock } from '#utilities/clock/system.clock.js';
import { ExchangeController } from '#clients/rest/exchange.controller.js';
import { AuditModule } from '#accessors/audit/audit.module.js';
export const wired = [CLOCK, SystemClock, ExchangeController, AuditModule];
`,
  'clients/rest/exchange.controller.ts': `import type { Authorization } from '#managers/authorization/contract.js';
export class ExchangeController {
  constructor(readonly manager: Authorization) {}
}
`,
  'clients/cli/commands/dev.command.ts': `import { issuer } from '#devkit/issuer.js';
export const dev = issuer;
`,
  'managers/authorization/contract.ts': 'export interface Authorization { exchange(): string }\n',
  'managers/authorization/default.authorization.manager.ts': `import type { Signing } from '#engines/signing/contract.js';
import type { Authorization } from './contract.js';
export class DefaultAuthorization implements Authorization {
  constructor(readonly engine: Signing) {}
  exchange(): string { return this.engine.mint(); }
}
`,
  'managers/keyring/contract.ts': `import type { Key } from '#accessors/key/contract.js';
export interface Keyring { keys(): readonly Key[] }
`,
  'engines/permission/contract.ts': `import type { Fact } from '#accessors/facts/contract.js';
export interface Permission { decide(fact: Fact): boolean }
`,
  'engines/signing/contract.ts': 'export interface Signing { mint(): string }\n',
  'engines/signing/signing.module.ts': `import { KEY_ACCESS } from '#accessors/key/contract.js';
export const SigningModule = [KEY_ACCESS];
`,
  'engines/token-validation/contract.ts': `import { type Fact } from '#accessors/facts/contract.js';
export interface Validation { validate(): Fact }
`,
  'engines/token-validation/token-validation.module.ts': `import { ISSUER_ACCESS } from '#accessors/issuer/contract.js';
export const ValidationModule = [ISSUER_ACCESS];
`,
  'accessors/audit/audit.module.ts': `import { CLOCK } from '#utilities/clock/contract.js';
export const AuditModule = [CLOCK];
`,
  'accessors/audit/fixtures/audit.fixture.ts': `import { SystemClock } from '#utilities/clock/system.clock.js';
export const fixture = SystemClock;
`,
  'accessors/audit/audit.spec.ts': `import { fixture } from './fixtures/audit.fixture.js';
export const used = fixture;
`,
  'accessors/facts/contract.ts': `export interface Fact { readonly id: string }
export const FACT_ACCESS: unique symbol = Symbol('FactAccess');
`,
  'accessors/issuer/contract.ts': "export const ISSUER_ACCESS: unique symbol = Symbol('IssuerAccess');\n",
  'accessors/key/contract.ts': `import type { JWK } from 'jose';
import type { KeyObject } from 'node:crypto';
export interface Key { readonly jwk: JWK; readonly key: KeyObject }
export const KEY_ACCESS: unique symbol = Symbol('KeyAccess');
`,
  'utilities/clock/contract.ts': "export const CLOCK: unique symbol = Symbol('Clock');\n",
  'utilities/clock/system.clock.ts': `import { CLOCK } from './contract.js';
export class SystemClock { readonly token = CLOCK; }
`,
  'devkit/issuer.ts': "import { decodeJwt } from 'jose';\nexport const issuer = decodeJwt;\n",
  'protos/generated/auth.ts': "import { Metadata } from '@grpc/grpc-js';\nexport const message = Metadata;\n",
  'dist/engines/signing/contract.js': 'export const old = 1;\n',
  'test/fuzz/oracle/rules.ts': "import { webcrypto } from 'node:crypto';\nexport const rules = webcrypto;\n",
  'test/fuzz/comparison.ts': "import { rules } from './oracle/rules.js';\nexport const compared = rules;\n",
  'test/oracle/permission/reading.ts': "import type { Fact } from '#accessors/facts/contract.js';\nexport type Read = Fact;\n",
  'test/oracle/permission/reading.spec.ts':
    "import type { Permission } from '#engines/permission/contract.js';\nimport type { Read } from './reading.js';\nexport type Both = [Permission, Read];\n",
  'test/support.ts': "import { CLOCK } from '#utilities/clock/contract.js';\nexport const support = CLOCK;\n",
  'test/house.spec.ts': "import { support } from './support.js';\nexport const used = support;\n",
};

/** What a planted violation needs beside it; a cycle is reported at its first file alone. */
export const ACCOMPLICES: Readonly<Record<string, string>> = {
  'engines/signing/p36.ts': "import type * as T from './p36-back.js';\nexport type Planted = typeof T;\n",
};

export interface Violation {
  readonly rule: string;
  readonly file: string;
  readonly source: string;
}

const plant = (rule: string, file: string, ...imports: readonly string[]): Violation => ({
  rule,
  file,
  source: `${imports.join('\n')}\nexport const planted = '${file}';\n`,
});
const type = (from: string): string => `import type * as T from '${from}';\nexport type Planted = typeof T;`;
const value = (from: string): string => `import * as V from '${from}';\nexport const kept = V;`;

/** For each rule the files that break it and no other rule. */
export const VIOLATIONS: readonly Violation[] = [
  plant('client-enters-at-a-manager', 'clients/rest/p01.controller.ts', type('#engines/signing/contract.js')),
  plant('client-enters-at-a-manager', 'clients/timers/p02.timer.ts', type('#accessors/key/contract.js')),
  plant('manager-not-sideways', 'managers/authorization/p03.ts', type('#managers/keyring/contract.js')),
  plant('engine-not-sideways', 'engines/permission/p04.ts', type('#engines/signing/contract.js')),
  plant('accessor-not-sideways', 'accessors/audit/p05.ts', type('#accessors/key/contract.js')),
  plant('manager-not-up', 'managers/keyring/p06.ts', type('#clients/main.js')),
  plant('engine-not-up', 'engines/signing/p07.ts', type('#managers/keyring/contract.js')),
  plant('accessor-not-up', 'accessors/key/p08.ts', type('#engines/signing/contract.js')),
  plant('utilities-know-no-domain', 'utilities/clock/p09.ts', type('#accessors/key/contract.js')),
  plant('wire-formats-stay-at-the-edge', 'managers/keyring/p10.ts', type('#protos/generated/auth.js')),
  plant('cross-rooms-by-contract', 'managers/keyring/p11.ts', type('#utilities/clock/system.clock.js')),
  plant('cross-rooms-by-contract', 'clients/grpc/p12.ts', type('#clients/rest/exchange.controller.js')),
  plant('modules-import-modules-and-contracts', 'accessors/audit/p13.module.ts', value('#utilities/clock/system.clock.js')),
  plant(
    'engine-reaches-no-accessor',
    'engines/permission/p14.module.ts',
    "import { FACT_ACCESS } from '#accessors/facts/contract.js';",
    'export const kept = FACT_ACCESS;',
  ),
  plant('token-validation-reaches-issuer-alone', 'engines/token-validation/p15.ts', value('#accessors/key/contract.js')),
  plant('signing-reaches-key-alone', 'engines/signing/p16.ts', value('#accessors/issuer/contract.js')),
  plant('nest-stays-in-clients-and-modules', 'accessors/key/p17.ts', value('@nestjs/common')),
  plant('engines-do-no-io', 'engines/signing/p18.ts', value('node:fs/promises')),
  plant('engines-do-no-io', 'engines/signing/p19.ts', value('node:http')),
  plant('contracts-are-leaves', 'utilities/clock/p20.contract.ts', type('./system.clock.js')),
  plant('contracts-are-leaves', 'accessors/key/p21.contract.ts', type('node:net')),
  plant('contracts-import-types-alone', 'utilities/clock/p22.contract.ts', value('./contract.js')),
  plant('no-production-to-test', 'utilities/clock/p23.ts', type('../../test/support.js')),
  plant('no-production-to-test', 'devkit/p24.ts', type('../test/house.spec.js')),
  plant('no-production-to-test', 'accessors/audit/p39.ts', type('./fixtures/audit.fixture.js')),
  plant('devkit-stays-out-of-production', 'clients/rest/p25.ts', type('#devkit/issuer.js')),
  plant('devkit-stays-out-of-production', 'clients/cli/commands/p26.command.ts', type('#devkit/issuer.js')),
  plant('sources-import-sources', 'accessors/key/p27.ts', value('../../dist/engines/signing/contract.js')),
  plant('typeorm-has-one-home', 'accessors/key/p28.store.ts', type('typeorm')),
  plant('database-driver-has-one-home', 'accessors/key/p29.store.ts', type('pg')),
  plant('database-driver-has-one-home', 'clients/p30.ts', type('@electric-sql/pglite')),
  plant('grpc-has-one-home', 'clients/rest/p31.ts', type('@grpc/grpc-js')),
  plant('jose-has-one-home', 'managers/keyring/p32.ts', type('jose')),
  plant('msal-has-one-home', 'accessors/key/p42.ts', type('@azure/msal-node')),
  plant('fastify-has-one-home', 'clients/grpc/p33.ts', type('fastify')),
  plant('openfeature-has-one-home', 'managers/policy/p48.ts', type('@openfeature/server-sdk')),
  plant('csv-has-one-home', 'managers/policy/p49.ts', type('csv-parse')),
  plant('pino-has-one-home', 'accessors/audit/p34.ts', type('pino')),
  plant('zod-has-one-home', 'engines/permission/p35.ts', type('zod')),
  plant('cel-has-one-home', 'engines/permission/p46.ts', type('@bufbuild/cel')),
  plant('cel-has-one-home', 'engines/signing/p47.ts', type('@bufbuild/re2')),
  plant('sdk-stands-alone', 'clients/sdk/p60.ts', type('#utilities/clock/contract.js')),
  plant('sdk-stands-alone', 'clients/sdk/http/p61.ts', type('lru-cache')),
  plant('nest-in-the-sdk-has-one-home', 'clients/sdk/http/p62.ts', value('@nestjs/common')),
  plant('grpc-has-one-home', 'clients/sdk/http/p63.ts', type('@grpc/grpc-js')),
  plant('fastify-has-one-home', 'clients/sdk/express/p64.ts', type('fastify')),
  plant('oracle-imports-nothing', 'test/fuzz/oracle/p40.ts', type('#engines/token-validation/contract.js')),
  plant('oracle-imports-nothing', 'test/fuzz/oracle/p41.ts', type('../../support.js')),
  plant('second-reading-imports-contracts-alone', 'test/oracle/permission/p43.ts', type('#engines/permission/contract.js')),
  plant('second-reading-imports-contracts-alone', 'test/oracle/permission/p44.ts', type('../../support.js')),
  plant('second-reading-imports-contracts-alone', 'test/oracle/permission/p45.ts', value('#accessors/issuer/contract.js')),
  plant('no-circular', 'engines/signing/p36-back.ts', type('./p36.js')),
  plant('no-orphans', 'utilities/clock/p37.ts'),
  plant('no-unresolvable', 'accessors/key/p38.ts', type('./nothing.js')),
];
