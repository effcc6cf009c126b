import type { Check } from '#engines/token-validation/checks/check.js';
import { openingChecks, provingChecks } from '#engines/token-validation/checks/check-order.js';
import type { Fault } from '#engines/token-validation/identity-provider.contract.js';
import { principalOf } from '#engines/token-validation/principal.js';
import { ValidationState } from '#engines/token-validation/validation-state.js';
import type { World } from '../oracle/world.js';
import { LENIENT_RULES, lenientToken } from './lenient.parser.js';
import { CONTEXT, identityProviders, requestOf, type Subject } from './subject.js';
import { WorldIssuerAccess } from './world.issuer.access.js';

/** All that can be taken away: rules of the parser as `shape:rule`, checks by their names. */
export function droppable(world: World): readonly string[] {
  const { opening, proving } = orderOf(world);
  const names = [...opening, ...[...proving.values()].flat()].map(({ name }) => name);
  return [...LENIENT_RULES.map(({ name }) => `shape:${name}`), ...new Set(names)];
}

interface Order {
  readonly issuerAccess: WorldIssuerAccess;
  readonly opening: readonly Check[];
  readonly proving: ReadonlyMap<string, readonly Check[]>;
}

function orderOf(world: World): Order {
  const issuerAccess = new WorldIssuerAccess(world);
  const all = identityProviders();
  const providers = new Map(all.map((provider) => [provider.name, provider]));
  const opening = openingChecks({ issuerAccess, providers, ownIssuer: world.ownIssuer });
  return {
    issuerAccess,
    opening,
    proving: new Map(all.map((provider) => [provider.name, provingChecks(issuerAccess, provider)])),
  };
}

/**
 * The checks of the engine in their order without one of them. A check that others build on still leaves what they need, as
 * a program would that does everything but object.
 */
export function weakenedSubject(world: World, dropped: string): Subject {
  const order = orderOf(world);
  const without = (checks: readonly Check[]) => checks.map((check) => weakened(check, dropped, order));
  const opening = without(order.opening);
  const proving = new Map([...order.proving].map(([name, checks]) => [name, without(checks)]));
  return async (token, presenter) => {
    const state = new ValidationState(CONTEXT, requestOf(token, presenter), world.now * 1000);
    const first = await firstFault(state, opening);
    if (first !== undefined) return first.code;
    const second = await firstFault(state, proving.get(state.provider.name) ?? []);
    if (second !== undefined) return second.code;
    return principalOf(state);
  };
}

async function firstFault(state: ValidationState, checks: readonly Check[]): Promise<Fault | undefined> {
  for (const check of checks) {
    const fault = await check.run(state);
    if (fault !== undefined) return fault;
  }
  return undefined;
}

function weakened(check: Check, dropped: string, { issuerAccess }: Order): Check {
  if (dropped.startsWith('shape:') && check.name === 'shape') return lenientShape(check, dropped.slice('shape:'.length));
  if (check.name !== dropped) return check;
  return {
    ...check,
    async run(state) {
      await check.run(state);
      leave(check.name, state, issuerAccess);
      return undefined;
    },
  };
}

/** What the checks that follow build on, whatever the check found. */
function leave(name: string, state: ValidationState, issuerAccess: WorldIssuerAccess): void {
  const leaving: Readonly<Record<string, () => void>> = {
    shape: () => (state.foundToken ??= lenientToken(state.request.token)),
    'trusted-issuer': () => (state.foundIssuer ??= firstIssuer(issuerAccess)),
    key: () => (state.foundKey ??= issuerAccess.anyKey(state.iss)),
    signature: () => (state.signatureProven = true),
    presenter: () => (state.presenterCase ??= 'own'),
    'required-claims': () => (state.foundRequired ??= looseClaims(state)),
  };
  leaving[name]?.();
}

function firstIssuer(issuerAccess: WorldIssuerAccess): ValidationState['foundIssuer'] {
  const { issuer, iss } = issuerAccess.anyIssuer();
  const provider = identityProviders().find((candidate) => candidate.name === issuer.provider);
  return provider === undefined ? null : { issuer, provider, iss };
}

function looseClaims(state: ValidationState): NonNullable<ValidationState['foundRequired']> {
  const { claims } = state.token;
  const time = (name: string) => Number(claims[name] ?? 0);
  const aud: unknown = claims['aud'];
  return {
    subject: String(claims['sub']),
    audiences: (Array.isArray(aud) ? aud : [aud]).map(String),
    expiresAt: time('exp'),
    issuedAt: time('iat'),
    notBefore: claims['nbf'] === undefined ? null : time('nbf'),
  };
}

/** The shape check without one rule of the parser. */
function lenientShape(check: Check, rule: string): Check {
  const removed = LENIENT_RULES.find(({ name }) => name === rule);
  if (removed === undefined) throw new Error(`There is no rule ${rule} of the parser.`);
  return {
    ...check,
    async run(state) {
      const fault = await check.run(state);
      if (fault === undefined || !removed.refusal.test(`${fault.code} ${fault.actual}`)) return fault;
      state.foundToken = lenientToken(state.request.token);
      return state.foundToken === null ? fault : undefined;
    },
  };
}
