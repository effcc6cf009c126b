/** Everything that takes permissions away again, and what each requirement of a way comes to. */
import type { Deny, Gate, StepUp } from '#accessors/policy/contract.js';
import type { Subscription } from '#accessors/facts/contract.js';
import { isAboutEveryResource, told, valueOf } from './attributes.js';
import { meaning, namesIn, type Expression } from './expression.js';
import { pathHolds, unitHolds } from './names.js';
import { isOpen, own, type Question, type Situation } from './question.js';
import { every, FAILS, missingOf, NO, not, said, unknown, YES, type Verdict } from './verdict.js';
import { conditionOf, type Condition, type Requirement, type Way, type Ways } from './ways.js';

/** Some of the ways. Of one that fails there is no knowing; `failing` says what it counts for. */
export function anyOf(ways: readonly Way[], failing: 'as so' | 'as not so', situation: Situation): Verdict {
  const open = leastOf(ways, failing, situation);
  if (open.some(({ left }) => left.size === 0)) return YES;
  return open.length === 0 ? NO : unknown(...open.flatMap(({ left }) => [...left.values()].flatMap((paths) => [...paths])));
}

/** Those that lead there or may, without those that ask for all that another one asks for and for more. */
export function leastOf(
  ways: readonly Way[],
  failing: 'as so' | 'as not so',
  situation: Situation,
): readonly { readonly way: Way; readonly left: Left }[] {
  const open = ways.flatMap((way) => {
    const said = way.requirements.map((requirement) => requirementVerdict(requirement, situation).is);
    if (said.includes('false') || (failing === 'as not so' && said.includes('error'))) return [];
    return [{ way, left: new Map(way.requirements.flatMap((requirement) => statementsIn(requirement, situation))) }];
  });
  return open.filter(({ left }) => !open.some((other) => asksForLess(other.left, left)));
}

/** What is left to decide of a way: statements, and what each of them reads. */
type Left = ReadonlyMap<string, ReadonlySet<string>>;

function asksForLess(one: Left, other: Left): boolean {
  return one.size < other.size && [...one.keys()].every((statement) => other.has(statement));
}

function statementsIn(requirement: Requirement, situation: Situation): readonly (readonly [string, ReadonlySet<string>])[] {
  const parts = requirement.is === 'resource' ? resourceParts(requirement, situation) : [];
  const whole = [{ says: requirement, verdict: requirementVerdict(requirement, situation) }];
  return (requirement.is === 'resource' ? parts : whole)
    .filter(({ verdict }) => verdict.is === 'unknown')
    .map(({ says, verdict }) => [JSON.stringify(says), missingOf(verdict)]);
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

type Selection = Extract<Requirement, { is: 'resource' }>;

function resourceVerdict(wanted: Selection, situation: Situation): Verdict {
  return wanted.ids?.length === 0 ? NO : all(resourceParts(wanted, situation).map(({ verdict }) => verdict));
}

function resourceParts(
  { type, ids, path }: Selection,
  { resource }: Situation,
): readonly { readonly says: unknown; readonly verdict: Verdict }[] {
  const id = resource?.id ?? null;
  const at = resource?.path ?? null;
  return [
    { says: { type }, verdict: resource === null ? unknown('resource.type') : said(resource.type === type) },
    ...(ids === null
      ? []
      : [
          {
            says: { ids: [...ids].toSorted() },
            verdict: id === null ? unknown('resource.id') : said(ids.includes(id)),
          },
        ]),
    ...(path === null ? [] : [{ says: { path }, verdict: at === null ? unknown('resource.path') : pathVerdict(path, at) }]),
  ];
}

function pathVerdict(selector: string, path: string): Verdict {
  return path.split('/').some((step) => step === '.' || step === '..') ? FAILS : said(pathHolds(selector, path));
}

/** Whether the deny takes the permission away; unknown only where it depends on nothing but the resource, and none is named. */
export function denyVerdict(deny: Deny, ways: Ways, situation: Situation): Verdict {
  const waysTo = (selectors: readonly string[]): readonly Way[] => selectors.flatMap((selector) => ways.toPrincipal(selector));
  const condition =
    deny.condition === null ? YES : conditionVerdict(conditionOf(deny, deny.condition, situation.question.policy), situation);
  const verdict = every([
    said(isOpen(deny.valid, situation.question.now)),
    anyOf(waysTo(deny.principals), 'as so', situation),
    not(anyOf(waysTo(deny.except), 'as not so', situation)),
    condition.is === 'error' ? YES : condition,
  ]);
  if (verdict.is !== 'unknown') return verdict;
  if (situation.resource !== null) return YES;
  return [...verdict.missing].every((path) => path.startsWith('resource.')) ? verdict : YES;
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

/** What one authentication would have to be to meet all of them; where nothing meets them all, what each of them takes. */
export function stepUpTo(steps: readonly StepUp[]): {
  readonly acr: readonly string[];
  readonly maxAuthAgeSeconds: number | null;
} {
  const lists = steps.map(({ acr }) => acr).filter((acr) => acr.length > 0);
  const named = [...new Set(lists.flat())].toSorted();
  const common = named.filter((acr) => lists.every((list) => list.includes(acr)));
  const ages = steps.map(({ maxAuthAgeSeconds }) => maxAuthAgeSeconds).filter((age) => age !== null);
  return { acr: common.length === 0 ? named : common, maxAuthAgeSeconds: ages.length === 0 ? null : Math.min(...ages) };
}

export function steppedUp({ acr, maxAuthAgeSeconds }: StepUp, { question }: Situation): boolean {
  const { claims, now } = question;
  if (acr.length > 0 && (claims.acr === null || !acr.includes(claims.acr))) return false;
  if (maxAuthAgeSeconds === null) return true;
  return claims.authTime !== null && now - claims.authTime * 1000 <= maxAuthAgeSeconds * 1000;
}
