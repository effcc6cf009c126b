import type { IssuerAccess } from '#accessors/issuer/contract.js';
import type { IdentityProvider, ProviderCheck } from '../identity-provider.contract.js';
import { StrictJwsParser } from '../strict-jws.parser.js';
import { ageCheck } from './age.check.js';
import { algorithmCheck } from './algorithm.check.js';
import { audienceCheck } from './audience.check.js';
import type { Check } from './check.js';
import { confirmationCheck } from './confirmation.check.js';
import { delegationClaimsCheck } from './delegation-claims.check.js';
import { expiryCheck } from './expiry.check.js';
import { headerCheck } from './header.check.js';
import { createKeyCheck } from './key.check.js';
import { keyIdCheck } from './key-id.check.js';
import { keyIssuerCheck } from './key-issuer.check.js';
import { notBeforeCheck } from './not-before.check.js';
import { createOwnIssuerCheck } from './own-issuer.check.js';
import { presenterCheck } from './presenter.check.js';
import { presenterConflictCheck } from './presenter-conflict.check.js';
import { purposeCheck } from './purpose.check.js';
import { requiredClaimsCheck } from './required-claims.check.js';
import { createShapeCheck } from './shape.check.js';
import { signatureCheck } from './signature.check.js';
import { tokenKindCheck } from './token-kind.check.js';
import { createTrustedIssuerCheck } from './trusted-issuer.check.js';
import { typeCheck } from './type.check.js';

interface OrderDeps {
  readonly issuerAccess: IssuerAccess;
  readonly providers: ReadonlyMap<string, IdentityProvider>;
  readonly ownIssuer: string;
}

/** What a provider adds to the list. */
type ProviderRules = Pick<IdentityProvider, 'checks' | 'acceptance'>;

/** The checks that find out whose token it claims to be. */
export function openingChecks(deps: OrderDeps): readonly Check[] {
  return [
    createShapeCheck(new StrictJwsParser()),
    headerCheck,
    createOwnIssuerCheck(deps.ownIssuer),
    createTrustedIssuerCheck(deps.issuerAccess, deps.providers),
  ];
}

/**
 * The checks that prove it, for tokens of one provider. The order matters: nothing is fetched for a token that cannot be
 * verified anyway, and no claim accepts anything before the signature is proven.
 */
export function provingChecks(issuerAccess: IssuerAccess, provider: ProviderRules): readonly Check[] {
  return [
    purposeCheck,
    algorithmCheck,
    typeCheck,
    keyIdCheck,
    createKeyCheck(issuerAccess),
    signatureCheck,
    keyIssuerCheck,
    tokenKindCheck,
    requiredClaimsCheck,
    delegationClaimsCheck,
    ...provider.checks.map(asCheck),
    audienceCheck,
    confirmationCheck,
    expiryCheck,
    notBeforeCheck,
    ageCheck,
    ...(provider.acceptance ?? []).map(asCheck),
    presenterConflictCheck,
    presenterCheck,
  ];
}

/**
 * The checks of a token that stands for a client, in the same order. Whom it is about and for was settled before; who hands it in
 * is its subject, which has to be the client. No key is shown yet, so a token that is bound to one is refused.
 */
export function federatedChecks(issuerAccess: IssuerAccess, provider: ProviderRules): readonly Check[] {
  const elsewhere: readonly Check[] = [audienceCheck, presenterCheck];
  return provingChecks(issuerAccess, provider).filter((check) => !elsewhere.includes(check));
}

function asCheck(check: ProviderCheck): Check {
  return {
    name: check.name,
    needs: ['token', 'issuer', 'required'],
    run: (state) => check.run(state.ofIssuer),
  };
}
