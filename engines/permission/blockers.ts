import type { Circumstances } from './circumstances.js';
import type { Blocker } from './contract.js';
import { denyVerdict } from './deny-verdict.js';
import { isOpenedOutside, isSteppedUp } from './effective-set.js';
import { hasBit } from './permission-set.js';

/** Everything that takes the permission away, or would if it were held. */
export function blockersOf(position: number, circumstances: Circumstances): readonly Blocker[] {
  return [
    ...gates(position, circumstances),
    ...boundaries(position, circumstances),
    ...denies(position, circumstances),
    ...stepUps(position, circumstances),
  ];
}

function gates(position: number, circumstances: Circumstances): readonly Blocker[] {
  const { plan, segment } = circumstances;
  const closed = new Set(segment.flagGates.filter((gate) => !isOpenedOutside(gate, circumstances)).map(({ gate }) => gate));
  return plan.compiled.gates.flatMap((gate): readonly Blocker[] => {
    const { id, tier, flags } = gate.rule;
    if (!hasBit(gate.bits, position)) return [];
    if (gate.rank !== null && segment.rank < gate.rank) {
      const have = plan.compiled.index.tiers.keyAt(segment.rank);
      return [{ kind: 'gate', id, need: `tier ${tier ?? ''} or higher`, have: have === undefined ? 'no tier' : `tier ${have}` }];
    }
    if (!closed.has(gate)) return [];
    const on = flags.filter((flag) => segment.flags.has(flag));
    return [{ kind: 'gate', id, need: `flags ${flags.join(', ')}`, have: on.length === 0 ? 'none of them' : on.join(', ') }];
  });
}

function boundaries(position: number, { asked, plan }: Circumstances): readonly Blocker[] {
  const { boundary, ceiling, ceilings = [], facts } = asked.question;
  const kinds = [
    ['boundary', boundary, 'what the client may ask for at all'],
    ['ceiling', ceiling, 'what may be exercised for others'],
    ...ceilings.map((further) => ['ceiling', further, 'what may be exercised for others'] as const),
    ['tenant', facts.tenantBoundary, 'what is open to the tenant at all'],
  ] as const;
  return kinds.flatMap(([kind, patterns, need]): readonly Blocker[] => {
    if (patterns === null || hasBit(plan.compiled.catalogue.coveredBy(patterns), position)) return [];
    return [{ kind, id: '', need: `to be in ${need}`, have: patterns.length === 0 ? 'nothing' : patterns.join(' ') }];
  });
}

function denies(position: number, circumstances: Circumstances): readonly Blocker[] {
  const { segment } = circumstances;
  const settled = segment.settledDenies.filter(({ bits }) => hasBit(bits, position));
  const open = segment.openDenies.filter(({ deny }) => hasBit(deny.bits, position));
  return [
    ...settled.map(({ rule }) => denyBlocker(rule.id, 'it concerns the subject')),
    ...open.flatMap((openDeny): readonly Blocker[] => {
      const verdict = denyVerdict(openDeny, circumstances);
      if (verdict === 'does not apply') return [];
      return [denyBlocker(openDeny.deny.rule.id, verdict === 'applies' ? 'it applies' : `it applies where ${verdict.text}`)];
    }),
  ];
}

function denyBlocker(id: string, have: string): Blocker {
  return { kind: 'deny', id, need: 'the deny not to apply', have };
}

function stepUps(position: number, circumstances: Circumstances): readonly Blocker[] {
  const { claims } = circumstances.asked.question;
  return circumstances.plan.compiled.stepUps.flatMap((step): readonly Blocker[] => {
    if (!hasBit(step.bits, position) || isSteppedUp(step, circumstances)) return [];
    const { id, acr, maxAuthAgeSeconds } = step.rule;
    const age = claims.authTime === null ? 'of unknown age' : `${Math.floor(circumstances.now / 1000) - claims.authTime} s ago`;
    const needs = [
      ...(acr.length === 0 ? [] : [`acr ${acr.join(' or ')}`]),
      ...(maxAuthAgeSeconds === null ? [] : [`an authentication at most ${maxAuthAgeSeconds} s ago`]),
    ];
    return [{ kind: 'step_up', id, need: needs.join(' and '), have: `acr ${claims.acr ?? 'none'}, ${age}` }];
  });
}
