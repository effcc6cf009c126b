import type { OpenDatabase } from '#utilities/database/open.database.js';
import { asOwner } from '../../support/as-owner.js';
import { CALLS, type BleedCall, type WeightedCall } from './bleed.run.js';
import { question, SUBJECTS } from './bleed.world.js';

/** The calls of the run with its exchange-shaped read replaced. */
export function planted(call: BleedCall): readonly WeightedCall[] {
  return CALLS.map((each, index) => (index === 0 ? { ...each, call } : each));
}

/** A function that sets the tenant and reads, as the true one does, and forgets to ask for the rows of the tenant. */
export async function plantMissingWhere(database: OpenDatabase): Promise<void> {
  await asOwner(
    database,
    `create function unguarded_facts(wanted_tenant uuid, wanted_instance text, wanted_external_id text)
     returns table (key text, attributes jsonb) language plpgsql as $$
     begin
       perform set_config('countersign.tenant', wanted_tenant::text, true);
       return query
       select s.key, s.attributes from subject_identity i join subject s on s.id = i.subject_id
       where i.instance = wanted_instance and i.external_id = wanted_external_id;
     end $$`,
  );
}

export const readWithoutWhere: BleedCall = ({ database }, tenant, number) => {
  const { subject } = question(tenant, number, 'identity');
  if (subject.by !== 'identity') throw new Error('asked by identity');
  const { instance, externalId } = subject.identity;
  return database.query('select * from unguarded_facts($1, $2, $3)', [tenant.id, instance, externalId]);
};

/** Sets the tenant for the session, and reads in the next transaction: whose session that is, the pooler decides. */
export const readAfterSessionSet: BleedCall = async ({ database }, tenant, number) => {
  await database.query(`select set_config('countersign.tenant', $1, false)`, [tenant.id]);
  return database.query('select key, attributes from subject where key = $1 and tenant_id::text = current_setting($2)', [
    `user-${number % SUBJECTS}`,
    'countersign.tenant',
  ]);
};
