/** Everything that takes permissions away again, and what each requirement of a way comes to. */
import type { Deny, Gate, StepUp } from '#accessors/policy/contract.js';
import type { Subscription } from '#accessors/facts/contract.js';
import { isAboutEveryResource, told, valueOf } from './attributes.js';
import { meaning, namesIn, type Expression } from './expression.js';
import { coveredBy, pathHolds, unitHolds } from './names.js';
import { isOpen, own, type Question, type Situation } from './question.js';
import { every, FAILS, missingOf, NO, not, said, some, unknown, type Verdict } from './verdict.js';
import { conditionOf, type Condition, type Requirement, type Way, type Ways } from './ways.js';

export function wayVerdict(way: Way, situation: Situation): Verdict {
  return all(way.requirements.map((requirement) => requirementVerdict(requirement, situation)));
}

/** What fails leads nowhere, whatever else is not known yet. */
function all(verdicts: readonly Verdict[]): Verdict {
  return verdicts.find(({ is }) => is === 'false') ?? verdicts.find(({ is }) => is === 'error') ?? every(verdicts);
}

export function requirementVerdict(requirement: Requirement, situation: Situation): Verdict {
  switch (requirement.is) {
    case 'activation':
      return NO;
    case 'window':
      return said(isOpen(requirement.window, situation.question.now));
    case 'unit':
      return unitVerdict(requirement.unit, situation);
    case 'resource':
      return resourceVerdict(requirement, situation);
    case 'condition':
      return conditionVerdict(requirement.condition, situation);
  }
}

function conditionVerdict(condition: Condition, situation: Situation): Verdict {
  const { policy, meanings, now } = situation.question;
  const expression = condition.expression === null ? undefined : meanings.get(condition.expression);
  if (expression === undefined || !compiles(expression, condition, policy)) return FAILS;
  return meaning(expression, { read: (path) => valueOf(path, condition.about, situation), params: condition.params, now });
}

/** Whatever it names has to be there, also where it would not come to it. */
function compiles(expression: Expression, { about, params }: Condition, { attributes }: Question['policy']): boolean {
  const isKnown = (path: string): boolean =>
    isAboutEveryResource(path) ||
    attributes.some(
      ({ root, name, resourceType }) =>
        `${root}.${name}` === path && (root !== 'resource' || (about !== null && resourceType === about)),
    );
  const { paths, parameters } = namesIn(expression);
  return paths.every(isKnown) && parameters.every((name) => typeof own(params, name) === 'number');
}

function unitVerdict(unit: string, { question, resource }: Situation): Verdict {
  const about = resource?.unit ?? null;
  if (about !== null) return said(unitHolds(unit, about));
  if (question.unit !== null && unitHolds(unit, question.unit)) return said(true);
  return question.unit === null || unitHolds(question.unit, unit) ? unknown('resource.unit') : NO;
}

function resourceVerdict(wanted: Extract<Requirement, { is: 'resource' }>, { resource }: Situation): Verdict {
  const { type, ids, path } = wanted;
  if (ids?.length === 0) return NO;
  if (resource === null) {
    return unknown('resource.type', ...(ids === null ? [] : ['resource.id']), ...(path === null ? [] : ['resource.path']));
  }
  return all([
    said(resource.type === type),
    ids === null ? said(true) : resource.id === null ? unknown('resource.id') : said(ids.includes(resource.id)),
    path === null ? said(true) : resource.path === null ? unknown('resource.path') : pathVerdict(path, resource.path),
  ]);
}

function pathVerdict(selector: string, path: string): Verdict {
  return path.split('/').some((step) => step === '.' || step === '..') ? FAILS : said(pathHolds(selector, path));
}

/** Whether the deny takes the permission away; unknown only where it depends on nothing but the resource, and none is named. */
export function denyVerdict(deny: Deny, ways: Ways, situation: Situation): Verdict {
  const matches = (selectors: readonly string[]): Verdict =>
    some(selectors.flatMap((selector) => ways.toPrincipal(selector)).map((way) => wayVerdict(way, situation)));
  const verdict = every([
    said(isOpen(deny.valid, situation.question.now)),
    matches(deny.principals),
    not(matches(deny.except)),
    deny.condition === null
      ? said(true)
      : conditionVerdict(conditionOf(deny, deny.condition, situation.question.policy), situation),
  ]);
  if (verdict.is === 'error') return said(true);
  if (verdict.is !== 'unknown') return verdict;
  if (situation.resource !== null) return said(true);
  return [...missingOf(verdict)].every((path) => path.startsWith('resource.')) ? verdict : said(true);
}

export function deniesOf(permission: string, situation: Situation): readonly Deny[] {
  return situation.question.policy.denies.filter(({ permissions }) => coveredBy(permissions, permission));
}

/** What keeps the gate closed. */
export function closedBy(gate: Gate, { question }: Situation): 'gate.tier' | 'gate.flag' | undefined {
  const { policy, facts, now } = question;
  const held = facts.subscriptions
    .filter((subscription) => counts(subscription, now))
    .map(({ tier }) => policy.tiers.findIndex(({ key }) => key === tier));
  const rank = Math.max(-1, ...held);
  if (gate.tier !== null) {
    const wanted = policy.tiers.findIndex(({ key }) => key === gate.tier);
    if (wanted === -1 || rank < wanted) return 'gate.tier';
  }
  const isOn = (flag: string): boolean =>
    facts.flags.some(({ key, enabled, valid }) => key === flag && enabled && isOpen(valid, now)) ||
    policy.tiers.slice(0, rank + 1).some(({ flags }) => flags.includes(flag)) ||
    told(`flag.${flag}`, question) === true;
  return gate.flags.every(isOn) ? undefined : 'gate.flag';
}

function counts({ valid, graceUntil }: Subscription, now: number): boolean {
  if (isOpen(valid, now)) return true;
  const isEmpty = valid.from !== null && valid.until !== null && valid.from >= valid.until;
  return !isEmpty && graceUntil !== null && valid.until !== null && now >= valid.until && now < graceUntil;
}

export function steppedUp({ acr, maxAuthAgeSeconds }: StepUp, { question }: Situation): boolean {
  const { claims, now } = question;
  if (acr.length > 0 && (claims.acr === null || !acr.includes(claims.acr))) return false;
  if (maxAuthAgeSeconds === null) return true;
  return claims.authTime !== null && now - claims.authTime * 1000 <= maxAuthAgeSeconds * 1000;
}
