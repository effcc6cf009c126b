import type { KeyAccess } from '#accessors/key/contract.js';
import type { CallContext } from '#utilities/call-context/contract.js';
import type { Clock } from '#utilities/clock/contract.js';
import { CodedError } from '#utilities/errors/coded-error.js';
import type { IdSource } from '#utilities/id/contract.js';
import { ClaimsComposer } from './claims-composer.js';
import type { IssuedToken, MintRequest, SigningEngine } from './contract.js';
import { TokenSigner } from './issued-token.js';
import { SubjectPseudonyms } from './subject-pseudonyms.js';

interface Dependencies {
  readonly keyAccess: KeyAccess;
  readonly clock: Clock;
  readonly ids: IdSource;
  /** Our `iss`. */
  readonly issuer: string;
  readonly defaultLifetimeSeconds: number;
}

export class DefaultSigningEngine implements SigningEngine {
  private readonly pseudonyms: SubjectPseudonyms;
  private readonly composer = new ClaimsComposer();
  private readonly signer: TokenSigner;

  constructor(private readonly deps: Dependencies) {
    this.pseudonyms = new SubjectPseudonyms(deps);
    this.signer = new TokenSigner(deps);
  }

  async mint(context: CallContext, request: MintRequest): Promise<IssuedToken> {
    const { keyAccess, ids, issuer } = this.deps;
    const key = keyAccess.activeKey(context, 'ES256');
    const subject = this.pseudonyms.ofSubject(context, request.kind, request.identity);
    const actor = request.actorClientId === null ? null : this.pseudonyms.ofClient(context, request.actorClientId);
    const tokenId = ids.random();
    const { issuedAt, expiresAt } = this.lifeOf(request);
    const claims = this.composer.compose({ issuer, subject, actor, tokenId, issuedAt, expiresAt }, request);
    return { token: this.signer.sign(context, key, claims), tokenId, kid: key.kid, subject, actor, issuedAt, expiresAt };
  }

  private lifeOf(request: MintRequest): { readonly issuedAt: number; readonly expiresAt: number } {
    const issuedAt = Math.floor(this.deps.clock.now() / 1_000);
    const wanted = request.lifetimeSeconds ?? this.deps.defaultLifetimeSeconds;
    const expiresAt = Math.min(issuedAt + wanted, request.notAfter);
    // Also stops a time that is no number, which JSON would turn into null: a token that never ends.
    if (!Number.isSafeInteger(expiresAt) || expiresAt <= issuedAt) {
      throw new CodedError('INTERNAL', { internal: `a token from ${String(issuedAt)} to ${String(expiresAt)} was asked for` });
    }
    return { issuedAt, expiresAt };
  }
}
