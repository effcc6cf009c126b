import type { OpenDatabase } from '#utilities/database/open.database.js';
import { asOwner } from '../../support/as-owner.js';

const DAY_MS = 86_400_000;

/** Partitions of days that are over, as an earlier service made them. */
export interface AuditDays {
  add(daysAgo: number): Promise<void>;
  nameOf(daysAgo: number): string;
  dayOf(daysAgo: number): string;
}

export function auditDays(database: OpenDatabase, now: number): AuditDays {
  const dayOf = (daysAgo: number): string => new Date(now - daysAgo * DAY_MS).toISOString().slice(0, 10);
  const nameOf = (daysAgo: number): string => `audit_record_${dayOf(daysAgo).replaceAll('-', '')}`;
  const bound = (daysAgo: number): string => `'''${dayOf(daysAgo)} 00:00:00+00'''`;
  return {
    dayOf,
    nameOf,
    add: async (daysAgo) => {
      await asOwner(database, `create table ${nameOf(daysAgo)} (like audit_record including defaults including constraints)`);
      await asOwner(database, `select audit_attach_partition('${nameOf(daysAgo)}', ${bound(daysAgo)}, ${bound(daysAgo - 1)})`);
    },
  };
}
