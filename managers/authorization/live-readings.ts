import type { ExternalFacts, FactQuestion, SubjectFacts } from '#accessors/facts/contract.js';
import type { PolicyVersion } from '#accessors/policy/contract.js';
import type { TokenClaims } from '#engines/permission/contract.js';
import type { CallContext } from '#utilities/call-context/contract.js';
import type { AuthorizationParts } from './authorization.parts.js';

/** About whom everything live is to be read. */
export interface LiveQuestion {
  readonly tenantId: string;
  readonly subject: FactQuestion['subject'];
  /** What its token says, as far as this policy wants to know; later where a directory has to be asked. */
  readonly claimsUnder: (policy: PolicyVersion) => TokenClaims | Promise<TokenClaims>;
}

/** Everything that a decision reads, of one moment. */
export interface LiveReading {
  readonly policy: PolicyVersion;
  readonly facts: SubjectFacts;
  readonly external: ExternalFacts;
  readonly claims: TokenClaims;
}

const NOT_WANTED: ExternalFacts = Object.freeze({ values: new Map(), unavailable: new Set<string>(), validUntil: null });

type Parts = Pick<AuthorizationParts, 'policyAccess' | 'factAccess' | 'permissionEngine' | 'changeFeed'>;

/** Reads policy and facts of one subject: the same steps for an exchange, a check and an operator. */
export class LiveReadings {
  constructor(private readonly deps: Parts) {}

  /**
   * INVARIANT: the policy is never older than the epoch of the facts. A change that became known with the facts may have been one
   * of the policy, which is then read again, once: what came after that is newer still.
   */
  async read(context: CallContext, question: LiveQuestion): Promise<LiveReading> {
    const { policyAccess, changeFeed } = this.deps;
    const known = changeFeed.epochOf(question.tenantId);
    const policy = await policyAccess.activePolicy(context, question.tenantId);
    const reading = await this.readUnder(context, question, policy);
    if (reading.facts.epoch <= known) return reading;
    const newer = await policyAccess.activePolicy(context, question.tenantId);
    return newer === policy ? reading : this.readUnder(context, question, newer);
  }

  /** The facts and claims that another policy wants. */
  async readUnder(context: CallContext, question: LiveQuestion, policy: PolicyVersion): Promise<LiveReading> {
    const { factAccess, permissionEngine } = this.deps;
    const told = question.claimsUnder(policy);
    const claims = told instanceof Promise ? await told : told;
    const { tenantId, subject } = question;
    const asked = { tenantId, subject, groups: permissionEngine.mappedGroups(policy, claims) };
    const facts = await factAccess.factsOf(context, asked);
    const wanted = permissionEngine.wantedFacts(policy);
    const external = wanted.length === 0 ? NOT_WANTED : await factAccess.externalFacts(context, asked, wanted);
    return { policy, facts, external, claims };
  }
}
