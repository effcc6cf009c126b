import type { PresenterExpectation, Principal, ValidationReport, ValidationRequest } from '#engines/token-validation/contract.js';
import { DefaultTokenValidationEngine } from '#engines/token-validation/default.token-validation.engine.js';
import type { IdentityProvider } from '#engines/token-validation/identity-provider.contract.js';
import { createEntraIdIdentityProvider } from '#engines/token-validation/providers/entra-id.identity-provider.js';
import { createOidcIdentityProvider } from '#engines/token-validation/providers/oidc.identity-provider.js';
import type { CallContext } from '#utilities/call-context/contract.js';
import { ManualClock } from '#utilities/clock/manual.clock.js';
import type { World } from '../oracle/world.js';
import { WorldIssuerAccess } from './world.issuer.access.js';

export const CONTEXT: CallContext = { diagnosticId: '00000000-0000-4000-8000-000000000000', transport: 'rest' };

/** What is judged answers with a principal, or with the code of the refusal. */
export type Subject = (token: string, presenter: PresenterExpectation) => Promise<Principal | string>;

export function identityProviders(): readonly IdentityProvider[] {
  return [createEntraIdIdentityProvider(), createOidcIdentityProvider()];
}

export function requestOf(token: string, presenter: PresenterExpectation): ValidationRequest {
  return { token, field: 'subject_token', presenter };
}

function verdictOf(report: ValidationReport): Principal | string {
  return report.outcome === 'accepted' ? report.principal : report.findings[0].code;
}

/** The engine as it is shipped, in this process. */
export function realSubject(world: World): Subject {
  const engine = new DefaultTokenValidationEngine({
    issuerAccess: new WorldIssuerAccess(world),
    providers: identityProviders(),
    clock: new ManualClock(world.now * 1000),
    ownIssuer: world.ownIssuer,
  });
  return async (token, presenter) => verdictOf(await engine.validate(CONTEXT, requestOf(token, presenter)));
}
