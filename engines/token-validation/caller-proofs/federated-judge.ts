import type { IssuerAccess } from '#accessors/issuer/contract.js';
import type { ClientAuthentication, RegisteredClient } from '#accessors/registration/contract.js';
import type { CallContext } from '#utilities/call-context/contract.js';
import { CodedError } from '#utilities/errors/coded-error.js';
import type { FederatedVerdict, ProofRefusal } from '../caller-proofs.contract.js';
import type { Check } from '../checks/check.js';
import { federatedChecks, openingChecks } from '../checks/check-order.js';
import type { Fault, IdentityProvider } from '../identity-provider.contract.js';
import { quoted } from '../quoted.js';
import { ValidationState } from '../validation-state.js';

interface FederatedJudgeDeps {
  readonly issuerAccess: IssuerAccess;
  readonly providers: readonly IdentityProvider[];
  readonly ownIssuer: string;
}

interface Arrival {
  readonly client: RegisteredClient;
  readonly assertion: string;
  /** Unix milliseconds. */
  readonly now: number;
}

/** Judges a token of a trusted issuer that stands for a client: by the checks of all tokens, but for whom it is and to whom. */
export class FederatedJudge {
  private readonly opening: readonly Check[];
  private readonly proving: ReadonlyMap<string, readonly Check[]>;

  constructor({ issuerAccess, providers, ownIssuer }: FederatedJudgeDeps) {
    const byName = new Map(providers.map((provider) => [provider.name, provider]));
    this.opening = openingChecks({ issuerAccess, providers: byName, ownIssuer });
    this.proving = new Map(providers.map((provider) => [provider.name, federatedChecks(issuerAccess, provider)]));
  }

  async judge(context: CallContext, { client, assertion, now }: Arrival): Promise<FederatedVerdict> {
    const state = new ValidationState(context, { token: assertion, field: 'subject_token', presenter: null }, now);
    // SECURITY: issuer and audience are compared before a key is looked for: a token that could stand for nobody costs no fetch.
    const fault =
      (await firstFault(state, this.opening)) ??
      faultOfAudience(state, client) ??
      (await firstFault(state, this.proving.get(state.provider.name) ?? [])) ??
      faultOfSubject(state, client);
    if (fault !== undefined) return refusal(fault);
    if (!state.signatureProven)
      throw new CodedError('INTERNAL', { internal: 'a federated assertion without a proven signature' });
    return { accepted: true, issuer: state.issuer.name };
  }
}

async function firstFault(state: ValidationState, checks: readonly Check[]): Promise<Fault | undefined> {
  for (const check of checks) {
    const fault = await check.run(state);
    if (fault !== undefined) return fault;
  }
  return undefined;
}

/**
 * SECURITY: exactly one audience, which is registered for a client and which no token of a subject has here: whoever may hand in a
 * subject token could pass for the client that it came from.
 */
function faultOfAudience(state: ValidationState, client: RegisteredClient): Fault | undefined {
  const { issuer } = state;
  const audience = audienceOf(state);
  const entries = entriesOf(client).filter((entry) => entry.issuer === issuer.name);
  if (!entries.some((entry) => entry.audience === audience)) {
    return {
      code: 'CLIENT_ASSERTION_INVALID',
      actual: `issuer ${quoted(issuer.name)}, aud is ${quoted(state.token.claims['aud'])}`,
      expected: expectedOf(client),
    };
  }
  if (typeof audience !== 'string' || !issuer.audiences.includes(audience)) return undefined;
  return {
    code: 'CLIENT_ASSERTION_INVALID',
    actual: `aud is ${quoted(audience)}, an audience of subject tokens of issuer ${quoted(issuer.name)}`,
    expected: 'an audience that the issuer is not registered with',
  };
}

/**
 * SECURITY: exactly the registered subject, by the id that cannot be given to somebody else: the one that identities of this issuer
 * are made of. A person is no client, whatever is registered.
 */
function faultOfSubject(state: ValidationState, client: RegisteredClient): Fault | undefined {
  const { provider, issuer } = state;
  const { claims } = state.token;
  const kind = provider.kindOf(claims, issuer);
  if (kind !== 'workload')
    return { code: 'CLIENT_ASSERTION_INVALID', actual: `a token of a ${kind}`, expected: 'a token of a workload' };
  const audience = audienceOf(state);
  const { externalId } = provider.toPrincipal(claims, issuer).identity;
  const isRegistered = entriesOf(client).some(
    (entry) => entry.issuer === issuer.name && entry.audience === audience && entry.subject === externalId,
  );
  if (isRegistered) return undefined;
  return { code: 'CLIENT_ASSERTION_INVALID', actual: `the subject is ${quoted(externalId)}`, expected: expectedOf(client) };
}

type Entry = ClientAuthentication['federated'][number];

function entriesOf({ authentication }: RegisteredClient): readonly Entry[] {
  return authentication?.federated ?? [];
}

function audienceOf({ token: { claims } }: ValidationState): unknown {
  const { aud } = claims;
  return Array.isArray(aud) && aud.length === 1 ? (aud as readonly unknown[])[0] : aud;
}

function expectedOf(client: RegisteredClient): string {
  const entries = entriesOf(client).map(({ issuer, subject, audience }) => quoted([issuer, subject, audience]));
  return entries.length === 0 ? 'no federated assertion' : `issuer, subject and audience as ${entries.join(' or ')}`;
}

/** An issuer that does not answer is no fault of the caller's. */
function refusal({ code, actual, expected, retryAfterSeconds }: Fault): ProofRefusal {
  if (code === 'ISSUER_KEYS_UNAVAILABLE')
    throw new CodedError(code, { internal: actual, ...(retryAfterSeconds === undefined ? {} : { retryAfterSeconds }) });
  return { accepted: false, code: 'CLIENT_ASSERTION_INVALID', actual: `${code}: ${actual}`, expected };
}
