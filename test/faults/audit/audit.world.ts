import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import type { ExchangeRecord } from '#accessors/audit/contract.js';
import { AuditStore } from '#accessors/audit/audit.store.js';
import { EvidenceStore } from '#accessors/audit/evidence.store.js';
import { auditLimits, PostgresAuditAccess } from '#accessors/audit/postgres.audit.access.js';
import { PostgresAuditEvidence } from '#accessors/audit/postgres.audit.evidence.js';
import { PostgresAuditTrail } from '#accessors/audit/postgres.audit.trail.js';
import { TrailStore } from '#accessors/audit/trail.store.js';
import { DefaultAuditSealEngine } from '#engines/signing/default.audit-seal.engine.js';
import { DefaultAuditAdministration } from '#managers/administration/default.audit-administration.js';
import { keyringProcess } from '#managers/keyring/fixtures/keyring-world.fixture.js';
import type { Clock } from '#utilities/clock/contract.js';
import { SystemClock } from '#utilities/clock/system.clock.js';
import type { AuditSettings } from '#utilities/config/contract.js';
import type { OpenDatabase } from '#utilities/database/open.database.js';
import { CryptoIdSource } from '#utilities/id/crypto.id-source.js';
import { MemoryCounters } from '#utilities/telemetry/memory.counters.js';
import { SilentLogger } from '../../support/silent.logger.js';

export const CONTEXT = { diagnosticId: '7b0a7bb4-3bb6-4a0c-9e0e-5b0f8d2f4a11', transport: 'rest' } as const;
const TENANT = '0198c0de-0000-7000-8000-000000000001';

export function issued(number: number): ExchangeRecord {
  return {
    outcome: 'issued',
    tenantId: TENANT,
    clientId: 'orders-api',
    case: 'on-behalf-of',
    subject: `u_${String(number)}`,
    actor: 'c_orders',
    issuer: 'contoso',
    audience: 'https://api.acme.test/billing',
    tokenId: `token-${String(number)}`,
    kid: 'kid',
    expiresAt: 1_790_000_600,
    permissionCount: 3,
    policyVersion: 'main@42',
    epoch: 9_131,
    subjectTokenSha256: 'ab'.repeat(32),
  };
}

/** Everything that has to do with the trail, as one process has it, on a database. */
export interface AuditWorld {
  readonly access: PostgresAuditAccess;
  readonly administration: DefaultAuditAdministration;
  readonly anchorFile: string;
  readonly logger: SilentLogger;
  readonly counters: MemoryCounters;
  /** One after the other, so that they stand in this order. */
  record(from: number, to: number): Promise<void>;
  /**
   * As somebody who may do everything in the database, past row-level security and triggers. Answers what `look` sees then; all of
   * it is taken back.
   */
  attacked<Seen>(attack: readonly string[] | (() => Promise<unknown>), look: () => Promise<Seen>): Promise<Seen>;
  close(): Promise<void>;
}

export async function auditWorld(
  database: OpenDatabase,
  settings: Partial<AuditSettings> & { readonly clock?: Clock } = {},
): Promise<AuditWorld> {
  const home = mkdtempSync(join(tmpdir(), 'countersign-audit-'));
  const anchorFile = join(home, 'checkpoints');
  const clock = settings.clock ?? new SystemClock();
  const ids = new CryptoIdSource({ clock });
  const logger = new SilentLogger();
  const counters = new MemoryCounters();
  const limits = { ...auditLimits(database.engine), maxInFlight: 1 };
  const access = new PostgresAuditAccess({ store: new AuditStore({ database }), clock, ids, counters, logger, limits });
  const keys = await keyringProcess(database, { floorFile: join(home, 'keyring-floor') });
  await keys.keyAccess.prepare(CONTEXT);
  const anchor = settings.anchor ?? { file: anchorFile, url: null, bearerFile: null };
  const parts = { database, unitOfWork: database };
  const administration = new DefaultAuditAdministration({
    auditEvidence: new PostgresAuditEvidence({ store: new EvidenceStore(parts), anchor, counters, logger }),
    auditTrail: new PostgresAuditTrail({ store: new TrailStore(parts) }),
    auditSealEngine: new DefaultAuditSealEngine({ ...keys, clock, issuer: 'https://auth.example.com' }),
    changeTrail: access,
    keyringAccess: keys.keyringAccess,
    unitOfWork: database,
    ids,
    clock,
    algorithm: 'ES256',
    retentionDays: settings.retentionDays ?? null,
  });
  return {
    access,
    administration,
    anchorFile,
    logger,
    counters,
    record: async (from, to) => {
      for (let number = from; number <= to; number += 1) await access.record(CONTEXT, issued(number));
    },
    attacked: async (attack, look) => {
      const seen: Awaited<ReturnType<typeof look>>[] = [];
      const takenBack = new Error('taken back');
      const attacking = database.run(async () => {
        await database.query('set local role none');
        await database.query('set local session_replication_role = replica');
        if (typeof attack === 'function') await attack();
        else for (const statement of attack) await database.query(statement);
        seen.push(await look());
        throw takenBack;
      });
      await attacking.catch((error: unknown) => {
        if (error !== takenBack) throw error;
      });
      const [answer] = seen;
      if (answer === undefined) throw new Error('nothing was seen');
      return answer;
    },
    close: async () => {
      await keys.stop();
      rmSync(home, { recursive: true });
    },
  };
}
