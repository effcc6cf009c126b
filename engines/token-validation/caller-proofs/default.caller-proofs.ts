import type { IssuerAccess } from '#accessors/issuer/contract.js';
import type { RegisteredClient } from '#accessors/registration/contract.js';
import type { CallContext } from '#utilities/call-context/contract.js';
import type { Clock } from '#utilities/clock/contract.js';
import type {
  AssertionVerdict,
  CallerProofs,
  CertificateVerdict,
  DpopExpectation,
  DpopVerdict,
  FederatedVerdict,
  ShownCertificate,
} from '../caller-proofs.contract.js';
import type { IdentityProvider } from '../identity-provider.contract.js';
import { AssertionJudge } from './assertion-judge.js';
import { judgeCertificate } from './certificate-judge.js';
import { readClientKey } from './client-keys.js';
import { DpopJudge } from './dpop-judge.js';
import { FederatedJudge } from './federated-judge.js';

export interface CallerProofsDeps {
  readonly issuerAccess: IssuerAccess;
  readonly providers: readonly IdentityProvider[];
  readonly clock: Clock;
  readonly ownIssuer: string;
}

/** Each kind of proof is a file of its own beside this one. */
export class DefaultCallerProofs implements CallerProofs {
  private readonly clock: Clock;
  private readonly assertions: AssertionJudge;
  private readonly federation: FederatedJudge;
  private readonly dpop = new DpopJudge();

  constructor(deps: CallerProofsDeps) {
    this.clock = deps.clock;
    this.assertions = new AssertionJudge(deps.ownIssuer);
    this.federation = new FederatedJudge(deps);
  }

  claimedClient(assertion: string): string | undefined {
    return this.assertions.claimedClient(assertion);
  }

  judgeAssertion(_context: CallContext, client: RegisteredClient, assertion: string): AssertionVerdict {
    return this.assertions.judge(client, assertion, this.clock.now());
  }

  judgeFederated(context: CallContext, client: RegisteredClient, assertion: string): Promise<FederatedVerdict> {
    return this.federation.judge(context, { client, assertion, now: this.clock.now() });
  }

  judgeCertificate(_context: CallContext, client: RegisteredClient, certificate: ShownCertificate): CertificateVerdict {
    return judgeCertificate(client, certificate, this.clock.now());
  }

  judgeDpop(_context: CallContext, expectation: DpopExpectation): DpopVerdict {
    return this.dpop.judge(expectation, this.clock.now());
  }

  problemOfKey(jwk: Readonly<Record<string, unknown>>): string | null {
    const reading = readClientKey(jwk);
    return reading.ok ? null : reading.problem;
  }
}
