import { hash } from 'node:crypto';
import type { IssuerAccess } from '#accessors/issuer/contract.js';
import type { CallContext } from '#utilities/call-context/contract.js';
import type { Clock } from '#utilities/clock/contract.js';
import { CATALOGUE } from '#utilities/errors/catalogue.js';
import { CodedError } from '#utilities/errors/coded-error.js';
import type { Check } from './checks/check.js';
import { openingChecks, provingChecks } from './checks/check-order.js';
import type { Finding, Inspection, TokenValidationEngine, ValidationReport, ValidationRequest } from './contract.js';
import type { Fault, IdentityProvider } from './identity-provider.contract.js';
import { principalOf } from './principal.js';
import { signingInputOf } from './strict-jws.parser.js';
import { ValidationState } from './validation-state.js';

export interface TokenValidationDeps {
  readonly issuerAccess: IssuerAccess;
  /** At least one; names unique. */
  readonly providers: readonly IdentityProvider[];
  readonly clock: Clock;
  /** Our `iss`: its tokens are not subject tokens. */
  readonly ownIssuer: string;
}

type CheckResult = Inspection['checks'][number] & { readonly finding: Finding | undefined };

export class DefaultTokenValidationEngine implements TokenValidationEngine {
  private readonly clock: Clock;
  private readonly providers: readonly IdentityProvider[];
  private readonly opening: readonly Check[];
  private readonly proving: ReadonlyMap<string, readonly Check[]>;
  /** For a token whose issuer is unknown: what can be said of any token. */
  private readonly provingAny: readonly Check[];

  /** @throws CodedError `PLUGIN_CARDINALITY` */
  constructor(deps: TokenValidationDeps) {
    const byName = namedProviders(deps.providers);
    this.clock = deps.clock;
    this.providers = deps.providers;
    this.opening = openingChecks({ issuerAccess: deps.issuerAccess, providers: byName, ownIssuer: deps.ownIssuer });
    this.provingAny = provingChecks(deps.issuerAccess, { checks: [] });
    this.proving = new Map(deps.providers.map((provider) => [provider.name, provingChecks(deps.issuerAccess, provider)]));
  }

  async validate(context: CallContext, request: ValidationRequest): Promise<ValidationReport> {
    const state = new ValidationState(context, request, this.clock.now());
    let checks = this.opening;
    let at = 0;
    // By index: an iterator in an asynchronous function allocates for every check.
    while (at < checks.length) {
      const check = checks[at];
      const result = check?.run(state);
      // Most checks answer at once, and waiting for what is there already costs a turn of the event loop's queue.
      const fault = result instanceof Promise ? await result : result;
      if (check !== undefined && fault !== undefined) return rejected(state, [this.finding(state, check, fault)]);
      at += 1;
      // Which checks prove it is known when the opening ones have found its issuer.
      if (at === checks.length && checks === this.opening) {
        checks = this.provingFor(state);
        at = 0;
      }
    }
    return accepted(state);
  }

  async inspect(context: CallContext, request: ValidationRequest): Promise<Inspection> {
    const state = new ValidationState(context, request, this.clock.now());
    const opening = await this.allResults(state, this.opening);
    const results = [...opening, ...(await this.allResults(state, this.provingFor(state)))];
    const [first, ...others] = results.flatMap(({ finding }) => (finding === undefined ? [] : [finding]));
    const { foundToken, signatureProven } = state;
    return {
      report: first === undefined ? accepted(state) : rejected(state, [first, ...others]),
      checks: results.map(({ check, outcome }) => ({ check, outcome })),
      token: foundToken === null ? null : { header: foundToken.header.members, claims: foundToken.claims },
      signatureProven,
    };
  }

  private provingFor(state: ValidationState): readonly Check[] {
    if (state.foundIssuer === null) return this.provingAny;
    return this.proving.get(state.provider.name) ?? this.provingAny;
  }

  private async allResults(state: ValidationState, checks: readonly Check[]): Promise<readonly CheckResult[]> {
    const results: CheckResult[] = [];
    for (const check of checks) {
      const canRun = check.needs.every((need) => state.has(need));
      const fault = canRun ? await check.run(state) : undefined;
      const finding = fault === undefined ? undefined : this.finding(state, check, fault);
      const outcome = finding === undefined ? (canRun ? 'passed' : 'not-run') : 'failed';
      results.push({ check: check.name, outcome, finding });
    }
    return results;
  }

  private finding(state: ValidationState, check: Check, fault: Fault): Finding {
    return {
      check: check.name,
      code: fault.code,
      actual: fault.actual,
      expected: fault.expected,
      remedy: fault.remedy ?? this.providerRemedy(state, fault) ?? CATALOGUE[fault.code].remedy.join(' '),
      ...(fault.retryAfterSeconds === undefined ? {} : { retryAfterSeconds: fault.retryAfterSeconds }),
      ...(fault.claims === undefined ? {} : { claims: fault.claims }),
    };
  }

  private providerRemedy(state: ValidationState, fault: Fault): string | undefined {
    if (state.foundToken === null) return undefined;
    const token = { header: state.token.header.members, claims: state.token.claims };
    const provider =
      state.foundIssuer?.provider ?? this.providers.find((candidate) => candidate.recognises(token.header, token.claims));
    return provider?.remedyFor(fault, token);
  }
}

function namedProviders(providers: readonly IdentityProvider[]): ReadonlyMap<string, IdentityProvider> {
  const byName = new Map(providers.map((provider) => [provider.name, provider]));
  if (providers.length > 0 && byName.size === providers.length) return byName;
  const names = providers.map((provider) => provider.name).join(', ');
  throw new CodedError('PLUGIN_CARDINALITY', {
    field: 'IDENTITY_PROVIDERS',
    actual: names === '' ? 'none' : names,
    expected: 'at least one identity provider, each name once',
  });
}

function accepted(state: ValidationState): ValidationReport {
  return { outcome: 'accepted', principal: principalOf(state), tokenSha256: hash('sha256', state.token.signingInput, 'hex') };
}

function rejected(state: ValidationState, findings: readonly [Finding, ...Finding[]]): ValidationReport {
  const signingInput = state.foundToken?.signingInput ?? signingInputOf(state.request.token);
  return {
    outcome: 'rejected',
    findings,
    issuer: state.foundIssuer?.issuer.name ?? null,
    tokenSha256: signingInput === null ? null : hash('sha256', signingInput, 'hex'),
  };
}
