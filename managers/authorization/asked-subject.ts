import type { Application, RegisteredClient } from '#accessors/registration/contract.js';
import type { TokenClaims } from '#engines/permission/contract.js';
import type { CallContext } from '#utilities/call-context/contract.js';
import { CodedError, isCodedError } from '#utilities/errors/coded-error.js';
import { isServiceFault } from '#utilities/errors/service-fault.js';
import type { ActingToken } from './acting-cut-offs.js';
import type { AuthorizationParts } from './authorization.parts.js';
import type { CheckRequest, CheckSubject, ShownKey } from './contract.js';
import { provingIn, type ProvingToken } from './cut-offs.js';
import { ExchangeGrants } from './exchange-grant.js';
import { type HandedIn, HandedInTokens } from './handed-in.js';
import { IssuedSubjects, limitsOf, liveQuestionOf } from './issued-subjects.js';
import type { LiveQuestion } from './live-readings.js';
import { refusalOfToken, UpstreamSubjects } from './upstream-subjects.js';

/** Whose permissions are asked about, once that is proven. */
export interface AskedSubject {
  readonly slug: string;
  readonly question: LiveQuestion;
  /** Of the application, what may be answered about at all. */
  readonly boundary: readonly string[];
  readonly ceiling: readonly string[] | null;
  /** Further lists, all of which it is within. */
  readonly ceilings: readonly (readonly string[])[];
  /** A token proves that there is somebody; a name has to be registered. */
  readonly isProven: boolean;
  /** The token that says who it is, which cut-offs concern once it is known who that is here; `null`: it was only named. */
  readonly token: (Omit<ProvingToken, 'tenant'> & Pick<ActingToken, 'act'>) | null;
  /** Whether that is a token of ours, for the very application. */
  readonly isOurs: boolean;
}

/** Who asks, about which application, what. */
export interface Asking {
  readonly client: RegisteredClient;
  readonly application: Application;
  readonly request: Pick<CheckRequest, 'subject' | 'tenant'>;
}

type TokenSubject = Extract<CheckSubject, { by: 'token' }>;
type NamedSubject = Exclude<CheckSubject, TokenSubject>;

const EVERYTHING: readonly string[] = Object.freeze(['**']);
const NO_CEILINGS: readonly (readonly string[])[] = Object.freeze([]);
const NO_CLAIMS: TokenClaims = Object.freeze({ issuer: '', roles: [], groups: [], acr: null, amr: [], authTime: null });

/** Not by form one of ours: another issuer may have made it. */
const MAYBE_UPSTREAM: ReadonlySet<string> = new Set(['key-unknown', 'malformed']);

type Parts = Pick<
  AuthorizationParts,
  | 'signingEngine'
  | 'tokenValidationEngine'
  | 'issuerAccess'
  | 'directoryAccess'
  | 'factAccess'
  | 'registrationAccess'
  | 'revocationAccess'
  | 'delegationEngine'
  | 'clock'
>;

export class AskedSubjects {
  private readonly issued: IssuedSubjects;
  private readonly upstream: UpstreamSubjects;
  private readonly tokens: HandedInTokens;
  private readonly grants: ExchangeGrants;

  constructor(private readonly deps: Parts) {
    this.tokens = new HandedInTokens(deps);
    this.grants = new ExchangeGrants(deps);
    this.issued = new IssuedSubjects(deps);
    this.upstream = new UpstreamSubjects(deps);
  }

  /** @throws CodedError `CHECK_TOKEN_INVALID`, `TENANT_UNRESOLVED`, `TENANT_AMBIGUOUS`, `TENANT_NOT_ALLOWED`, `STORE_UNAVAILABLE` */
  async find(context: CallContext, asking: Asking): Promise<AskedSubject> {
    const { subject } = asking.request;
    return subject.by === 'token' ? this.byToken(context, asking, subject) : this.byName(context, subject);
  }

  private async byToken(context: CallContext, asking: Asking, { token, shown }: TokenSubject): Promise<AskedSubject> {
    const { audience } = asking.application;
    const expected = shown === undefined ? audience : { audience, shown: [shown] };
    const verdict = this.deps.signingEngine.verifyIssued(context, token, expected);
    if (!verdict.genuine) {
      if (MAYBE_UPSTREAM.has(verdict.fault)) return this.byUpstreamToken(context, asking, { token, shown });
      throw invalid(verdict.fault);
    }
    const { tenant } = verdict.claims;
    if (asking.request.tenant !== undefined && asking.request.tenant !== tenant) {
      throw new CodedError('TENANT_NOT_ALLOWED', { field: 'tenant' });
    }
    const referred = await this.issued.referredBy(context, verdict.claims);
    if ('fallen' in referred) throw invalid(referred.fallen);
    return {
      slug: tenant,
      question: liveQuestionOf(await this.tenantId(context, tenant), referred),
      boundary: limitsOf(referred, asking.application),
      ceiling: null,
      ceilings: NO_CEILINGS,
      isProven: true,
      token: { ...provingIn(referred), act: referred.claims.act },
      isOurs: true,
    };
  }

  /** By the rules of an exchange, and within the limits that this client would have in one. */
  private async byUpstreamToken(
    context: CallContext,
    { client, application, request }: Asking,
    { token, shown: key }: { readonly token: string; readonly shown: TokenSubject['shown'] | undefined },
  ): Promise<AskedSubject> {
    const shown = key === undefined ? [] : [key];
    const report = await this.upstream.validate(context, { presenter: client, token, field: 'subject_token', shown });
    if (report.outcome === 'rejected') {
      const refusal = refusalOfToken(report, 'subject_token');
      throw isServiceFault(refusal.code) ? refusal : invalid(refusal.code, refusal.details.internal);
    }
    const handed = this.tokens.ofIssuer(context, { token, tenant: request.tenant }, report);
    const limits = this.exchangeLimits(context, { client, application }, { handed, shown });
    return {
      slug: handed.slug,
      question: handed.question,
      ...limits,
      isProven: true,
      token: { ...handed, clientId: client.clientId },
      isOurs: false,
    };
  }

  /** A client that cannot have tokens for the application is no actor there: it enforces, and asks about the subject alone. */
  private exchangeLimits(
    context: CallContext,
    { client, application }: Pick<Asking, 'client' | 'application'>,
    { handed, shown }: { readonly handed: HandedIn; readonly shown: readonly ShownKey[] },
  ): Pick<AskedSubject, 'boundary' | 'ceiling' | 'ceilings'> {
    const target = client.targets.find(({ audience }) => audience === application.audience);
    if (target === undefined) return { boundary: EVERYTHING, ceiling: null, ceilings: NO_CEILINGS };
    const subject = this.deps.signingEngine.subjectOf(context, handed.kind, handed.identity);
    const asked = { client, clientIsProven: true, shown, target, handed, subject };
    try {
      const { within } = this.grants.admit(context, { ...asked, actor: null, impersonation: false, issues: false });
      return { boundary: target.scopes, ceiling: null, ceilings: within };
    } catch (error) {
      if (!isCodedError(error) || isServiceFault(error.code)) throw error;
      throw invalid(error.code, error.details.internal);
    }
  }

  private async byName(context: CallContext, named: NamedSubject): Promise<AskedSubject> {
    const tenantId = await this.tenantId(context, named.tenant);
    const subject =
      named.by === 'key'
        ? ({ by: 'key', key: named.key } as const)
        : ({ by: 'identity', identity: { instance: named.instance, externalId: named.externalId } } as const);
    const question = { tenantId, subject, claimsUnder: () => NO_CLAIMS };
    return {
      slug: named.tenant,
      question,
      boundary: EVERYTHING,
      ceiling: null,
      ceilings: NO_CEILINGS,
      isProven: false,
      token: null,
      isOurs: false,
    };
  }

  private async tenantId(context: CallContext, slug: string): Promise<string> {
    const tenantId = await this.deps.factAccess.tenantNamed(context, slug);
    if (tenantId === undefined) throw new CodedError('TENANT_UNRESOLVED', { field: 'tenant' });
    return tenantId;
  }
}

function invalid(actual: string, internal?: string): CodedError {
  return new CodedError('CHECK_TOKEN_INVALID', { field: 'subject', actual, ...(internal === undefined ? {} : { internal }) });
}
