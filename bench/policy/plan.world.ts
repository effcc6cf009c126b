/** A tenant with many subjects, a policy in force and one that is to take its place, on a database of the bench's own. */
import { randomUUID } from 'node:crypto';
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { NestFactory } from '@nestjs/core';
import { Client } from 'pg';
import { AppModule } from '#clients/app.module.js';
import { openFoundations } from '#clients/foundations.js';
import { createKeyEncryptionKeyFile } from '#clients/operator-tools.js';
import { ADMINISTRATION_MANAGER, type AdministrationManager } from '#managers/administration/contract.js';
import { POLICY_MANAGER, type PolicyManager } from '#managers/policy/contract.js';
import type { CallContext } from '#utilities/call-context/contract.js';
import type { CleanUp } from '../processes/clean-up.js';
import { serviceSettings } from '../service.settings.js';
import { openBenchDatabase } from '../world/bench.database.js';

export interface PlanWorld {
  readonly manager: PolicyManager;
  readonly context: CallContext;
  readonly database: string;
}

const roles = 40;
const tenant = 'bench';

/** Five roles each out of 40, a quarter of them for a time or in a part of the organisation, and one group of 50. */
const POPULATION = `
  with chosen as (select id as tenant_id from tenant where slug = '${tenant}'),
  groups as (
    insert into subject_group (tenant_id, id, key) select tenant_id, gen_random_uuid(), 'g' || n from chosen, generate_series(0, 49) n
    returning tenant_id, id, key
  ),
  subjects as (
    insert into subject (tenant_id, id, key, kind) select tenant_id, gen_random_uuid(), 's' || n, 'user'
    from chosen, generate_series(1, $1::int) n returning tenant_id, id, substr(key, 2)::int as n
  ),
  identities as (
    insert into subject_identity (tenant_id, instance, external_id, subject_id, position)
    select tenant_id, 'oidc:https://bench.example', n::text, id, 0 from subjects
  ),
  members as (
    insert into group_member (tenant_id, subject_id, group_id)
    select s.tenant_id, s.id, g.id from subjects s join groups g on g.key = 'g' || (s.n % 50)
  ),
  of_groups as (
    insert into role_assignment (tenant_id, id, principal_type, principal_id, role_key)
    select tenant_id, gen_random_uuid(), 'group', id, 'r' || (substr(key, 2)::int % ${roles}) from groups
  )
  insert into role_assignment (tenant_id, id, principal_type, principal_id, role_key, unit, valid_until)
  select tenant_id, gen_random_uuid(), 'subject', id, 'r' || ((n * 7 + which * (n % 13 + 1)) % ${roles}),
    case when (n + which) % 8 = 0 then 'org.part' || (n % 3) end,
    case when (n + which) % 8 = 1 then (extract(epoch from now()) * 1000)::bigint + (1 + n % 90) * 86400000::bigint end
  from subjects, generate_series(1, 5) which
  on conflict do nothing`;

export async function preparePlanWorld(subjects: number, cleanUp: CleanUp): Promise<PlanWorld | undefined> {
  const database = await openBenchDatabase(process.env['DATABASE_URL']);
  if (database === undefined) return undefined;
  cleanUp.defer(() => database.close());
  const folder = mkdtempSync(join(tmpdir(), 'countersign-plan-'));
  cleanUp.defer(() => {
    rmSync(folder, { recursive: true, force: true });
  });
  const keyEncryptionKeyFile = join(folder, 'key-encryption-key');
  createKeyEncryptionKeyFile(keyEncryptionKeyFile);
  const settings = serviceSettings({ databaseUrl: database.url, keyEncryptionKeyFile, importFile: null });
  const foundations = await openFoundations(settings, { migrate: true, unsafeRole: 'step-down' });
  cleanUp.defer(() => foundations.close());
  const app = await NestFactory.createApplicationContext(AppModule.register(foundations), { logger: ['error'] });
  const context: CallContext = { diagnosticId: randomUUID(), transport: 'cli' };
  await app.get<AdministrationManager>(ADMINISTRATION_MANAGER).importDocument(context, installation());
  await asOwner(database.url, subjects);
  return { manager: app.get<PolicyManager>(POLICY_MANAGER), context, database: database.description };
}

async function asOwner(url: string, subjects: number): Promise<void> {
  const client = new Client({ connectionString: url });
  await client.connect();
  try {
    await client.query(POPULATION, [subjects]);
    await client.query('analyze');
  } finally {
    await client.end();
  }
}

function installation(): object {
  return {
    apiVersion: 'countersign/v1',
    tenants: [{ slug: tenant }],
    applications: [
      {
        audience: 'https://bench.example',
        prefix: 'bench',
        permissions: Array.from({ length: 200 }, (_, at) => ({
          name: `bench:r${String(at % 40)}:v${String(Math.floor(at / 40))}`,
        })),
      },
    ],
  };
}

/** 40 roles, four deep, a gate, a deny and conditions on what comes with a request. */
export function benchPolicy(changed: boolean): object {
  const role = (at: number) => ({
    grants: [`bench:r${String(at)}:*`, `bench:r${String((at + 11) % roles)}:v0`],
    ...(at % 5 === 0 ? {} : { inherits: [`r${String(at - 1)}`] }),
    ...(changed && at === 7 ? { exclude: ['bench:r7:v4'] } : {}),
  });
  return {
    apiVersion: 'countersign/v1',
    kind: 'PolicySet',
    metadata: { tenant, name: 'main' },
    attributes: { context: { ip: { type: 'string', source: 'pep' } } },
    roles: Object.fromEntries(Array.from({ length: roles }, (_, at) => [`r${String(at)}`, role(at)])),
    bindings: [
      { id: 'office', principal: 'group:g3', permissions: ['bench:r3:v1'], when: 'inCidr(context.ip, "10.0.0.0/8")' },
      ...(changed
        ? [{ id: 'new', principal: 'group:g9', permissions: ['bench:r39:*'], valid: { until: '2099-01-01T00:00:00Z' } }]
        : []),
    ],
    denies: [{ id: 'far', principals: ['role:r5'], permissions: ['bench:r2:*'], when: '!inCidr(context.ip, "10.0.0.0/8")' }],
  };
}
