import type { IssuerAccess } from '#accessors/issuer/contract.js';
import type { RegisteredClient } from '#accessors/registration/contract.js';
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
    // SECURITY: what is registered is compared before a key is looked for: a token that could stand for nobody costs no fetch.
    const fault =
      (await firstFault(state, this.opening)) ??
      faultOfParties(state, client) ??
      (await firstFault(state, this.proving.get(state.provider.name) ?? [])) ??
      faultOfKind(state);
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
 * SECURITY: exactly the registered subject, for exactly one audience; and none that tokens of subjects have here, or whoever may
 * hand such a token in could pass for the client that it came from.
 */
function faultOfParties(state: ValidationState, { authentication }: RegisteredClient): Fault | undefined {
  const { issuer } = state;
  const { sub, aud } = state.token.claims;
  const audience = Array.isArray(aud) && aud.length === 1 ? (aud[0] as unknown) : aud;
  const federated = authentication?.federated ?? [];
  const entry = federated.find((one) => one.issuer === issuer.name && one.subject === sub && one.audience === audience);
  if (entry === undefined) {
    return {
      code: 'CLIENT_ASSERTION_INVALID',
      actual: `issuer ${quoted(issuer.name)}, sub is ${quoted(sub)}, aud is ${quoted(aud)}`,
      expected: federated.map((one) => quoted([one.issuer, one.subject, one.audience])).join(' or ') || 'no federated assertion',
    };
  }
  if (!issuer.audiences.includes(entry.audience)) return undefined;
  return {
    code: 'CLIENT_ASSERTION_INVALID',
    actual: `aud is ${quoted(aud)}, an audience of subject tokens of issuer ${quoted(issuer.name)}`,
    expected: 'an audience that the issuer is not registered with',
  };
}

/** SECURITY: a person is no client, whatever is registered. */
function faultOfKind({ provider, token, issuer }: ValidationState): Fault | undefined {
  const kind = provider.kindOf(token.claims, issuer);
  if (kind === 'workload') return undefined;
  return { code: 'CLIENT_ASSERTION_INVALID', actual: `a token of a ${kind}`, expected: 'a token of a workload' };
}

/** An issuer that does not answer is no fault of the caller's. */
function refusal({ code, actual, expected, retryAfterSeconds }: Fault): ProofRefusal {
  if (code === 'ISSUER_KEYS_UNAVAILABLE')
    throw new CodedError(code, { internal: actual, ...(retryAfterSeconds === undefined ? {} : { retryAfterSeconds }) });
  return { accepted: false, code: 'CLIENT_ASSERTION_INVALID', actual: `${code}: ${actual}`, expected };
}
