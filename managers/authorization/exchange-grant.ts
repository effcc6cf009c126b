import type { ClientTarget, RegisteredClient } from '#accessors/registration/contract.js';
import type { GrantLimits, GrantQuestion, KeyName, PresentedActor, PresentedSubject } from '#engines/delegation/contract.js';
import type { CallContext } from '#utilities/call-context/contract.js';
import { CodedError } from '#utilities/errors/coded-error.js';
import type { AuthorizationParts } from './authorization.parts.js';
import type { HandedIn } from './handed-in.js';

type Parts = Pick<AuthorizationParts, 'delegationEngine' | 'signingEngine' | 'clock'>;

/** What is asked of the one place that every grant passes. */
export interface GrantWish {
  readonly client: RegisteredClient;
  readonly clientIsProven: boolean;
  readonly shown: readonly KeyName[];
  readonly target: ClientTarget;
  readonly handed: HandedIn;
  /** `sub` that our tokens about the subject have. */
  readonly subject: string;
  readonly actor: PresentedActor | null;
  readonly impersonation: boolean;
  /** Whether a token comes of it. */
  readonly issues: boolean;
}

/** Whether a token may be had at all, and within which limits. */
export class ExchangeGrants {
  /** A client is known by one name for good, and most of them exchange again and again. */
  private readonly clientSubjects = new WeakMap<RegisteredClient, string>();

  constructor(private readonly deps: Parts) {}

  /** @throws CodedError the refusal of the first restriction that is not met */
  admit(context: CallContext, wish: GrantWish): GrantLimits {
    const { handed, ...asked } = wish;
    const question: GrantQuestion = {
      ...asked,
      clientSubject: this.clientSubjectOf(context, wish.client),
      subject: presented(wish),
      now: Math.floor(this.deps.clock.now() / 1_000),
    };
    const verdict = this.deps.delegationEngine.admit(question);
    if (verdict.granted) return verdict.limits;
    throw new CodedError(verdict.code, { field: verdict.field, internal: verdict.because });
  }

  private clientSubjectOf(context: CallContext, client: RegisteredClient): string {
    const known = this.clientSubjects.get(client);
    if (known !== undefined) return known;
    const made = this.deps.signingEngine.clientSubjectOf(context, client.clientId);
    this.clientSubjects.set(client, made);
    return made;
  }
}

function presented({ handed, subject }: GrantWish): PresentedSubject {
  const { slug: tenant, presenter, terms: issued, act, mayAct, confirmation, origin } = handed;
  return {
    ...{ subject, tenant, presenter, issued, act, mayAct, confirmation },
    originIssuedAt: origin.issuedAt,
    originEndsAt: origin.endsAt,
    depth: origin.depth,
  };
}
