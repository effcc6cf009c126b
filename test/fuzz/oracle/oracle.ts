import { isText, type Rule, type TokenCase } from './case.js';
import { CLAIM_RULES, FORBIDDEN_HEADER, HEADER_RULES } from './common-rules.js';
import { ENTRA_ACCEPTANCE_RULES } from './entra-acceptance.js';
import { ENTRA_RULES } from './entra-rules.js';
import { OIDC_RULES } from './oidc-rules.js';
import { principalOf, type ExpectedPrincipal } from './principal.js';
import { readToken, type Reading } from './reading.js';
import { SignatureOracle } from './signature.js';
import type { Presenter, World, WorldIssuer } from './world.js';

/** What the rules say of one token: the codes of all that are broken. Whether it was signed is asked apart, since it costs most. */
export interface Opinion {
  /** Empty: accepted, if the signature is good. */
  readonly codes: readonly string[];
  /** The rules that are broken, in words. */
  readonly broken: readonly string[];
  /** Whether all rules were asked: of a token whose issuer is unknown only that is said. */
  readonly complete: boolean;
  /** An unknown `iss` that names a directory which is trusted: of another version, cloud or kind. */
  readonly nearlyTrusted: boolean;
  /** Who it is about, if it is good. */
  readonly principal: (() => ExpectedPrincipal) | undefined;
  /** Verifies the signature; `undefined`: there is no key to verify it with. */
  readonly signed: (() => Promise<boolean>) | undefined;
}

/**
 * The second opinion on subject tokens: slow, plain, written from the specifications and from the page about token validation,
 * and independent of the engine from the first byte on.
 */
export class Oracle {
  private readonly signatures = new SignatureOracle();

  constructor(private readonly world: World) {}

  judge(token: string, presenter: Presenter): Opinion {
    const reading = readToken(token);
    if (typeof reading === 'string') return refused([{ code: reading, says: 'one text, one token' }]);
    const iss = reading.claims.get('iss');
    if (!isText(iss) || iss === '') return refused([...forbidden(reading), { code: 'TOKEN_CLAIM_INVALID', says: 'iss' }]);
    if (iss === this.world.ownIssuer) return refused([...forbidden(reading), { code: 'TOKEN_IS_OURS', says: 'not ours' }]);
    const found = this.find(iss);
    if (found === undefined) {
      const opinion = refused([...forbidden(reading), { code: 'ISSUER_UNTRUSTED', says: 'a trusted iss' }]);
      return { ...opinion, complete: false, nearlyTrusted: this.namesTrustedDirectory(iss) };
    }
    return this.judgeTrusted(reading, presenter, found);
  }

  private judgeTrusted(reading: Reading, presenter: Presenter, found: Found): Opinion {
    const kid = reading.header.get('kid');
    const key = found.owned.keys.find((candidate) => candidate.kid === kid);
    const token: TokenCase = {
      reading,
      header: reading.header,
      claims: reading.claims,
      world: this.world,
      issuer: found.issuer,
      iss: found.owned.iss,
      presenter,
      key,
    };
    const broken = rulesBrokenBy(token);
    return {
      codes: [...new Set(broken.map(({ code }) => code))],
      broken: broken.map(({ says }) => says),
      complete: true,
      nearlyTrusted: false,
      principal: () => principalOf(token),
      signed: key === undefined ? undefined : () => this.signatures.verifies(key, reading.signingInput, reading.signature),
    };
  }

  private namesTrustedDirectory(iss: string): boolean {
    const named = /[0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12}/.exec(iss.toLowerCase())?.[0];
    return this.world.issuers.some(
      (issuer) =>
        issuer.provider === 'entra-id' && named !== undefined && (issuer.anyDirectory || issuer.directoryIds.includes(named)),
    );
  }

  private find(iss: string): Found | undefined {
    for (const issuer of this.world.issuers) {
      const owned = issuer.owns.find((candidate) => candidate.iss === iss);
      if (owned !== undefined) return { issuer, owned };
    }
    return undefined;
  }
}

interface Found {
  readonly issuer: WorldIssuer;
  readonly owned: WorldIssuer['owns'][number];
}

type Broken = Pick<Rule, 'code' | 'says'>;

function rulesBrokenBy(token: TokenCase): readonly Broken[] {
  const common = [...HEADER_RULES, ...CLAIM_RULES].filter((rule) => rule.broken(token));
  const { issuer } = token;
  const own =
    issuer.provider === 'oidc'
      ? OIDC_RULES.filter((rule) => rule.broken({ ...token, issuer }))
      : [...ENTRA_RULES, ...ENTRA_ACCEPTANCE_RULES].filter((rule) => rule.broken({ ...token, issuer }));
  return [...common, ...own];
}

function forbidden({ header }: Reading): readonly Broken[] {
  return FORBIDDEN_HEADER.brokenBy(header) ? [FORBIDDEN_HEADER] : [];
}

function refused(broken: readonly Broken[]): Opinion {
  const codes = [...new Set(broken.map(({ code }) => code))];
  return {
    codes,
    broken: broken.map(({ says }) => says),
    complete: true,
    nearlyTrusted: false,
    principal: undefined,
    signed: undefined,
  };
}
