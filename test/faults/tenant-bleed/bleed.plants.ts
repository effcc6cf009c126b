import type { OpenDatabase } from '#utilities/database/open.database.js';
import { asOwner } from '../../support/as-owner.js';
import { CALLS, type BleedCall, type WeightedCall } from './bleed.run.js';
import { question, SUBJECTS } from './bleed.world.js';

/** The calls of the run with its exchange-shaped read replaced. */
export function planted(call: BleedCall): readonly WeightedCall[] {
  return CALLS.map((each, index) => (index === 0 ? { ...each, call } : each));
}

/** What keeps subjects (`s`) and their identities (`i`) to the tenant. */
const GUARD = /\b[is]\.tenant_id = wanted_tenant and /g;
const GUARDS = 3;

/** The function that reads facts, with the conditions forgotten that keep to the tenant when the subject is looked for. */
export async function plantMissingWhere(database: OpenDatabase): Promise<void> {
  const [found] = await asOwner<{ text: string }>(
    database,
    `select pg_get_functiondef('subject_facts(uuid, text, text, text[])'::regprocedure) as text`,
  );
  const text = found?.text ?? '';
  if ((text.match(GUARD)?.length ?? 0) < GUARDS) throw new Error('the function keeps to the tenant in another way now');
  await asOwner(database, text.replace('.subject_facts(', '.unguarded_facts(').replace(GUARD, ''));
}

export const readWithoutWhere: BleedCall = ({ database }, tenant, number) => {
  const { subject } = question(tenant, number, 'identity');
  if (subject.by !== 'identity') throw new Error('asked by identity');
  const { instance, externalId } = subject.identity;
  return database.query('select * from unguarded_facts($1, $2, $3, $4)', [tenant.id, instance, externalId, []]);
};

/** Sets the tenant for the session, and reads in the next transaction: whose session that is, the pooler decides. */
export const readAfterSessionSet: BleedCall = async ({ database }, tenant, number) => {
  await database.query(`select set_config('countersign.tenant', $1, false)`, [tenant.id]);
  return database.query('select key, attributes from subject where key = $1 and tenant_id::text = current_setting($2)', [
    `user-${number % SUBJECTS}`,
    'countersign.tenant',
  ]);
};
