import type { AuditAccess, DecisionTrail } from '#accessors/audit/contract.js';
import type { DirectoryAccess } from '#accessors/directory/contract.js';
import type { FactAccess } from '#accessors/facts/contract.js';
import type { GrantsAccess } from '#accessors/grants/contract.js';
import type { RevocationAccess } from '#accessors/grants/revocation.contract.js';
import type { IssuerAccess } from '#accessors/issuer/contract.js';
import type { PolicyAccess } from '#accessors/policy/contract.js';
import type { RegistrationAccess } from '#accessors/registration/contract.js';
import type { DelegationEngine } from '#engines/delegation/contract.js';
import type { PermissionEngine } from '#engines/permission/contract.js';
import type { SigningEngine } from '#engines/signing/contract.js';
import type { DpopNonces } from '#engines/signing/dpop-nonces.contract.js';
import type { CallerProofs } from '#engines/token-validation/caller-proofs.contract.js';
import type { TokenValidationEngine } from '#engines/token-validation/contract.js';
import type { ChangeFeed } from '#utilities/change-feed/contract.js';
import type { Clock } from '#utilities/clock/contract.js';
import type { GrantSettings } from '#utilities/config/contract.js';
import type { IdSource } from '#utilities/id/contract.js';
import type { Logger } from '#utilities/logging/contract.js';
import type { RateLimiter } from '#utilities/resilience/contract.js';
import type { Counters } from '#utilities/telemetry/contract.js';

/** Everything that the use cases of this folder are put together from; each takes what it needs. */
export interface AuthorizationParts {
  readonly registrationAccess: RegistrationAccess;
  readonly issuerAccess: Pick<IssuerAccess, 'trustedIssuer'>;
  readonly directoryAccess: DirectoryAccess;
  readonly policyAccess: PolicyAccess;
  readonly factAccess: Pick<FactAccess, 'factsOf' | 'externalFacts' | 'tenantNamed'>;
  readonly auditAccess: AuditAccess;
  readonly revocationAccess: Pick<RevocationAccess, 'revokes'>;
  readonly grantsAccess: GrantsAccess;
  readonly decisionTrail: Pick<DecisionTrail, 'note'>;
  readonly tokenValidationEngine: TokenValidationEngine;
  readonly callerProofs: CallerProofs;
  readonly dpopNonces: DpopNonces;
  readonly delegationEngine: DelegationEngine;
  readonly permissionEngine: PermissionEngine;
  readonly signingEngine: SigningEngine;
  readonly changeFeed: Pick<ChangeFeed, 'epochOf' | 'observe'>;
  readonly clock: Clock;
  readonly ids: IdSource;
  readonly counters: Counters;
  readonly logger: Logger;
  readonly clientRate: RateLimiter;
  readonly issuerRate: RateLimiter;
  /** Life of tokens of applications that wish for none of their own. */
  readonly defaultLifetimeSeconds: number;
  /** Whose DPoP proofs need a nonce. */
  readonly nonces: GrantSettings['dpopNonces'];
}
