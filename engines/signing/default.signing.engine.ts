import type { UpstreamIdentity } from '#accessors/facts/contract.js';
import type { Keyring, KeyAccess, StandInKeys } from '#accessors/key/contract.js';
import type { CallContext } from '#utilities/call-context/contract.js';
import type { Clock } from '#utilities/clock/contract.js';
import { CodedError } from '#utilities/errors/coded-error.js';
import type { IdSource } from '#utilities/id/contract.js';
import { ClaimsComposer, isTooLarge, type TokenFrame } from './claims-composer.js';
import { ConsistencyTokens } from './consistency-tokens.js';
import type {
  CutoffDocument,
  IssuedExpectation,
  IssuedToken,
  IssuedVerdict,
  MintRequest,
  RotationPolicy,
  RotationStep,
  SafetyFault,
  SigningEngine,
} from './contract.js';
import { TokenSigner } from './issued-token.js';
import { IssuedTokenVerifier } from './issued-token.verifier.js';
import { planRotation } from './rotation-plan.js';
import { safetyFaults } from './rotation-safety.js';
import { SubjectPseudonyms } from './subject-pseudonyms.js';
import { SubjectReferences } from './subject-references.js';

interface Dependencies {
  readonly keyAccess: KeyAccess;
  readonly standInKeys?: Pick<StandInKeys, 'standIn'>;
  readonly clock: Clock;
  readonly ids: IdSource;
  /** Our `iss`. */
  readonly issuer: string;
  readonly defaultLifetimeSeconds: number;
  /** Tokens are never made for longer: keys stay public for as long as their tokens live, and no longer. Default: one day. */
  readonly maxLifetimeSeconds?: number;
}

const ONE_DAY = 86_400;
const NO_KEYS: readonly never[] = Object.freeze([]);

export class DefaultSigningEngine implements SigningEngine {
  private readonly pseudonyms: SubjectPseudonyms;
  private readonly composer = new ClaimsComposer();
  private readonly signer: TokenSigner;
  private readonly verifier: IssuedTokenVerifier;
  private readonly references: SubjectReferences;
  private readonly consistency: ConsistencyTokens;

  constructor(private readonly deps: Dependencies) {
    this.pseudonyms = new SubjectPseudonyms(deps);
    this.signer = new TokenSigner(deps);
    this.references = new SubjectReferences(deps);
    this.verifier = new IssuedTokenVerifier({ ...deps, references: this.references });
    this.consistency = new ConsistencyTokens(deps);
  }

  async mint(context: CallContext, request: MintRequest): Promise<IssuedToken> {
    const { keyAccess, ids, issuer } = this.deps;
    const key = keyAccess.activeKey(context, request.algorithm);
    const subject = this.pseudonyms.ofSubject(context, request.kind, request.identity);
    const actor = this.actorOf(context, request);
    const tokenId = ids.random();
    const { issuedAt, expiresAt } = this.lifeOf(request);
    const { claims, byReference } = this.claimsOf(context, { issuer, subject, actor, tokenId, issuedAt, expiresAt }, request);
    const signed = this.signer.sign(context, key, claims);
    const { token, kid } = typeof signed === 'string' ? { token: signed, kid: key.kid } : await signed;
    return { token, byReference, tokenId, kid, subject, actor, issuedAt, expiresAt };
  }

  subjectOf(context: CallContext, kind: MintRequest['kind'], identity: UpstreamIdentity): string {
    return this.pseudonyms.ofSubject(context, kind, identity);
  }

  clientSubjectOf(context: CallContext, clientId: string): string {
    return this.pseudonyms.ofClient(context, clientId);
  }

  verifyIssued(context: CallContext, token: string, expected: string | IssuedExpectation): IssuedVerdict {
    return this.verifier.verify(context, token, typeof expected === 'string' ? { audience: expected, shown: NO_KEYS } : expected);
  }

  consistencyToken(context: CallContext, state: { readonly tenantId: string; readonly epoch: number }): string {
    return this.consistency.of(context, state);
  }

  readConsistencyToken(context: CallContext, token: string): { readonly tenantId: string; readonly epoch: number } | undefined {
    return this.consistency.read(context, token);
  }

  async signCutoffs(context: CallContext, document: CutoffDocument): Promise<string> {
    const issuedAt = Math.floor(this.deps.clock.now() / 1_000);
    const claims = JSON.stringify({
      iss: this.deps.issuer,
      iat: issuedAt,
      exp: issuedAt + document.lifetimeSeconds,
      seq: document.sequence,
      seq_keys: document.sequences.keys,
      seq_revocations: document.sequences.revocations,
      revoked_keys: document.revokedKeys.map(({ kid, revokedAt }) => ({ kid, at: Math.floor(revokedAt / 1_000) })),
      tainted_keys: document.taintedKeys.map(({ kid, taintedAt }) => ({ kid, at: Math.floor(taintedAt / 1_000) })),
      revoked_tokens: document.revoked.tokens,
      revoked_subjects: document.revoked.subjects.map(({ tenant, subject, before }) => ({ tenant, sub: subject, before })),
      revoked_clients: document.revoked.clients.map(({ clientId, before }) => ({ client_id: clientId, before })),
      revoked_tenants: document.revoked.tenants,
    });
    return this.signer.signCutoffs(context, this.deps.keyAccess.activeKey(context, document.algorithm), claims);
  }

  planRotation(ring: Keyring, policy: RotationPolicy, now: number): readonly RotationStep[] {
    return planRotation(ring, policy, now);
  }

  safetyFaults(policy: RotationPolicy): readonly SafetyFault[] {
    return safetyFaults(policy);
  }

  private claimsOf(
    context: CallContext,
    frame: Omit<TokenFrame, 'reference'>,
    request: MintRequest,
  ): { readonly claims: string; readonly byReference: boolean } {
    const holder = { subject: frame.subject, audience: request.audience };
    const reference = this.references.seal(context, request.reference, holder);
    const claims = this.composer.compose({ ...frame, reference }, request);
    if (request.permissionBits === undefined || !isTooLarge(claims)) return { claims, byReference: false };
    // SECURITY: what it does not say is sealed into it, so that asking by it answers no more than it would have said.
    const granting = { ...request.reference, grantedBits: request.permissionBits() };
    const sealed = this.references.seal(context, granting, holder);
    return { claims: this.composer.composeByReference({ ...frame, reference: sealed }, request), byReference: true };
  }

  private actorOf(context: CallContext, { act, actorClientId }: MintRequest): string | null {
    if (act !== undefined) return act.sub;
    return actorClientId === null ? null : this.pseudonyms.ofClient(context, actorClientId);
  }

  private lifeOf(request: MintRequest): { readonly issuedAt: number; readonly expiresAt: number } {
    const issuedAt = Math.floor(this.deps.clock.now() / 1_000);
    const { defaultLifetimeSeconds, maxLifetimeSeconds = ONE_DAY } = this.deps;
    const wanted = Math.min(request.lifetimeSeconds ?? defaultLifetimeSeconds, maxLifetimeSeconds);
    const expiresAt = Math.min(issuedAt + wanted, request.notAfter);
    // Also stops a time that is no number, which JSON would turn into null: a token that never ends.
    if (!Number.isSafeInteger(expiresAt) || expiresAt <= issuedAt) {
      throw new CodedError('INTERNAL', { internal: `a token from ${String(issuedAt)} to ${String(expiresAt)} was asked for` });
    }
    return { issuedAt, expiresAt };
  }
}
