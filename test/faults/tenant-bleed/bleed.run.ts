import { PLATFORM_TENANT } from '#utilities/change-feed/contract.js';
import { CONTEXT } from '../../support/accessor-parts.js';
import { decisionOf, marksIn, question, SUBJECTS, type BleedRooms, type BleedTenant } from './bleed.world.js';

/** A call for one tenant; answers what it read. */
export type BleedCall = (rooms: BleedRooms, tenant: BleedTenant, number: number) => Promise<unknown>;

/** One call, how often it is made beside the others, and whether it must find something of its tenant. */
export interface WeightedCall {
  readonly call: BleedCall;
  readonly weight: number;
  readonly finds: 'own' | 'nothing';
}

export interface Verdict {
  readonly calls: number;
  /** Answers with something of another tenant, or of anybody where nobody was named. */
  readonly foreign: number;
  /** Answers without anything of the tenant that they are about: then the run shows nothing. */
  readonly empty: number;
}

/** What exchanges and checks read, what administration writes, and statements that name nobody. */
export const CALLS: readonly WeightedCall[] = [
  { weight: 40, finds: 'own', call: ({ facts }, tenant, number) => facts.factsOf(CONTEXT, question(tenant, number, 'identity')) },
  { weight: 14, finds: 'own', call: ({ facts }, tenant, number) => facts.factsOf(CONTEXT, question(tenant, number, 'key')) },
  { weight: 20, finds: 'own', call: ({ policies }, tenant) => policies.activePolicy(CONTEXT, tenant.id) },
  {
    weight: 2,
    finds: 'own',
    call: ({ facts }, tenant) => facts.factsOfMany(CONTEXT, tenant.id, { after: null, limit: SUBJECTS }),
  },
  { weight: 4, finds: 'own', call: ({ decisions }, tenant) => decisions.since(tenant.id, 0, 5) },
  { weight: 2, finds: 'nothing', call: ({ decisions }, tenant) => decisions.insert([decisionOf(tenant)]) },
  {
    weight: 6,
    finds: 'nothing',
    call: ({ facts }, { mark }, number) =>
      facts.assignRoles(CONTEXT, [
        {
          tenant: mark,
          principal: { type: 'subject', key: `user-${number % SUBJECTS}` },
          role: `${mark}-live`,
          state: number % 2 === 0 ? 'active' : 'revoked',
        },
      ]),
  },
  {
    weight: 12,
    finds: 'nothing',
    call: ({ database }) =>
      database.query(
        'select key, attributes from subject where tenant_id <> $1 union all select role_key, null from role_assignment where tenant_id <> $1',
        [PLATFORM_TENANT],
      ),
  },
];

/** The same in a process that keeps what it read until it hears of a change. */
export const CALLS_AND_ANNOUNCEMENTS: readonly WeightedCall[] = [
  ...CALLS,
  { weight: 3, finds: 'nothing', call: ({ facts }) => facts.announceChanges(CONTEXT) },
];

const CALLERS = 40;

/** Makes the calls, interleaved over many callers and all tenants, in an order that looks random and is always the same. */
export async function bleed(
  rooms: BleedRooms,
  tenants: readonly BleedTenant[],
  calls: number,
  mix: readonly WeightedCall[] = CALLS,
): Promise<Verdict> {
  const deck = mix.flatMap((each) => Array.from({ length: each.weight }, () => each));
  const verdict = { calls: 0, foreign: 0, empty: 0 };
  let next = 0;
  const caller = async (): Promise<void> => {
    for (let number = next++; number < calls; number = next++) {
      const spread = Math.imul(number + 1, 0x9e3779b1) >>> 0;
      const tenant = tenants[spread % tenants.length];
      const weighted = deck[(spread >>> 8) % deck.length];
      if (tenant === undefined || weighted === undefined) throw new Error('there is nothing to do');
      judge(verdict, weighted.finds, tenant, await weighted.call(rooms, tenant, spread >>> 16));
    }
  };
  await Promise.all(Array.from({ length: CALLERS }, caller));
  return verdict;
}

type Counted = { -readonly [Member in keyof Verdict]: Verdict[Member] };

function judge(verdict: Counted, finds: WeightedCall['finds'], { mark }: BleedTenant, answer: unknown): void {
  const marks = marksIn(answer);
  const own = new Set(finds === 'own' ? [mark, `${mark}-live`] : []);
  verdict.calls += 1;
  if ([...marks].some((each) => !own.has(each))) verdict.foreign += 1;
  if (finds === 'own' && !marks.has(mark)) verdict.empty += 1;
}
