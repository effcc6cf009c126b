import type { PolicyVersion } from '#accessors/policy/contract.js';
import type { Application, RegisteredClient } from '#accessors/registration/contract.js';
import type { CheckDecision, CheckQuestion, Explanation } from '#engines/permission/contract.js';
import type { CallContext } from '#utilities/call-context/contract.js';
import { CodedError } from '#utilities/errors/coded-error.js';
import { actorCutOffOf } from './acting-cut-offs.js';
import { type AskedSubject, AskedSubjects } from './asked-subject.js';
import type { AuthorizationParts } from './authorization.parts.js';
import { checkLimits, checkValues } from './check-limits.js';
import type { CheckAnswer, CheckRequest, CheckSubject, EffectiveAnswer } from './contract.js';
import { asKnown, cutOffOf } from './cut-offs.js';
import { DecisionNotes } from './decision-notes.js';
import { type LiveReading, LiveReadings } from './live-readings.js';
import { checkOperatorsTenant } from './operators-tenant.js';
import { policyVersionOf } from './policy-version.js';
import { ShadowComparison } from './shadow-comparison.js';

export type EffectiveRequest = Omit<CheckRequest, 'items' | 'explain'>;

/** One question under way: who is asked about, and everything live about them. */
export interface Asked {
  readonly client: RegisteredClient;
  readonly application: Application;
  readonly subject: AskedSubject;
  readonly kind: CheckSubject['kind'];
  readonly reading: LiveReading;
}

type Item = CheckRequest['items'][number];

/** What the policy that counts says that is asked; `undefined`: it speaks of nothing of the kind. */
export type ItemUnder = (policy: PolicyVersion, application: Application) => Item | undefined;

/** One decision on what the policy itself said that was asked, with what it was decided on. */
export interface RuledCheck {
  readonly decisionId: string;
  readonly application: Application;
  readonly reading: LiveReading;
  readonly slug: string;
  /** `sub` of our tokens about whom it was decided; `null`: it was only named. */
  readonly subject: string | null;
  /** Whether it was asked by a token of ours for this application. */
  readonly isOurs: boolean;
  readonly item: Item | undefined;
  /** `null`: there was nothing to decide. */
  readonly decision: CheckDecision | null;
}

/** How far ahead an answer about everything looks for the moment at which it changes. */
const LOOKS_AHEAD_MS = 24 * 3_600_000;

/** Decides live. A denial is an answer; what cannot be asked or answered is an error. */
export class CheckSequence {
  private readonly subjects: AskedSubjects;
  private readonly readings: LiveReadings;
  private readonly notes: DecisionNotes;
  private readonly shadow: ShadowComparison;

  constructor(private readonly deps: AuthorizationParts) {
    this.subjects = new AskedSubjects(deps);
    this.readings = new LiveReadings(deps);
    this.notes = new DecisionNotes(deps);
    this.shadow = new ShadowComparison({ ...deps, readings: this.readings });
  }

  async check(context: CallContext, client: RegisteredClient, request: CheckRequest): Promise<CheckAnswer> {
    checkLimits(request);
    if (request.explain && client.explains !== true) throw notAllowed('explain');
    const asked = await this.asked(context, client, request);
    const questions = this.questionsOf(asked, request);
    const decisionId = this.deps.ids.random();
    const results = questions.map((question) => this.resultOf(asked, question, request.explain));
    this.notes.take(context, { decisionId, clientId: client.clientId, questions, results });
    this.compareWithShadow(context, asked, { questions, results });
    return { results, ...this.standOf(context, asked), decisionId };
  }

  /** As `check`, of one thing, which the policy names that counts for the subject. Nothing to decide is no decision, and allows nothing. */
  async checkRuled(
    context: CallContext,
    client: RegisteredClient,
    { itemUnder, ...request }: EffectiveRequest & { readonly itemUnder: ItemUnder },
  ): Promise<RuledCheck> {
    const asked = await this.asked(context, client, request);
    const { application, reading, subject } = asked;
    const decisionId = this.deps.ids.random();
    const item = itemUnder(reading.policy, application);
    const { slug, isOurs } = subject;
    const ruled = { decisionId, application, reading, slug, isOurs, subject: this.nameOf(context, asked), item };
    if (item === undefined) return { ...ruled, decision: null };
    const questions = this.questionsOf(asked, { ...request, items: [item], explain: false });
    const results = questions.map((question) => this.resultOf(asked, question, false));
    this.notes.take(context, { decisionId, clientId: client.clientId, questions, results });
    this.compareWithShadow(context, asked, { questions, results });
    return { ...ruled, decision: results[0] ?? null };
  }

  async effectivePermissions(
    context: CallContext,
    client: RegisteredClient,
    request: EffectiveRequest,
  ): Promise<EffectiveAnswer> {
    checkValues('context', request.context);
    const asked = await this.asked(context, client, request);
    const now = this.deps.clock.now();
    const decision = isUnknown(asked)
      ? null
      : this.deps.permissionEngine.effectivePermissions({
          ...questionFrame(asked, request, now),
          scope: null,
          unit: request.unit,
          until: now + LOOKS_AHEAD_MS,
        });
    const { permissions, conditional, validUntil } = decision?.effect === 'granted' ? decision : NOTHING;
    return { granted: permissions, conditional, validUntil, ...this.standOf(context, asked) };
  }

  /** As `check` decides, of a search: nothing is noted, since nobody asked about this one. */
  allows(asked: Asked, request: EffectiveRequest, { permission, resource }: CheckRequest['items'][number]): boolean {
    if (isUnknown(asked)) return false;
    const frame = questionFrame(asked, request, this.deps.clock.now());
    return this.deps.permissionEngine.decide({ ...frame, permission, resource, unit: request.unit }).allowed;
  }

  /** One line a step; every step throws its own refusal. */
  async asked(context: CallContext, client: RegisteredClient, request: EffectiveRequest): Promise<Asked> {
    const application = await this.applicationOf(context, client, request.audience);
    const subject = await this.subjects.find(context, { client, application, request });
    const wanted = this.wantedEpoch(context, subject.question.tenantId, request.atLeastAsFresh);
    const reading = await this.readings.read(context, subject.question);
    if (reading.facts.epoch < wanted) throw new CodedError('CONSISTENCY_UNAVAILABLE', { retryAfterSeconds: 1 });
    checkOperatorsTenant(subject.slug, application.audience, reading.facts);
    this.refuseCutOff(context, { subject, reading });
    return { client, application, subject, kind: request.subject.kind, reading };
  }

  private async applicationOf(context: CallContext, client: RegisteredClient, named: string | undefined): Promise<Application> {
    const audience = named ?? soleOf(client.checks ?? []);
    // Before it is looked up: nobody learns which applications there are.
    if (client.checks?.includes(audience) !== true) throw notAllowed('audience');
    const application = await this.deps.registrationAccess.applicationFor(context, audience);
    if (application === undefined) throw new CodedError('TARGET_UNKNOWN', { field: 'audience' });
    return application;
  }

  /**
   * It is known only now who the subject is here, also that of a token of ours from before it was linked.
   *
   * SECURITY: nor does a token of another issuer count any more in which somebody acts who was cut off, as in an exchange.
   */
  private refuseCutOff(
    context: CallContext,
    { subject: { token, slug }, reading: { facts } }: Pick<Asked, 'subject' | 'reading'>,
  ): void {
    if (token === null) return;
    const revoked =
      cutOffOf(this.deps, context, asKnown({ ...token, tenant: slug }, facts)) ??
      actorCutOffOf(this.deps, context, { ...token, tenant: slug });
    if (revoked === undefined) return;
    const actual = `its ${revoked.by} was revoked`;
    throw new CodedError('CHECK_TOKEN_INVALID', { field: 'subject', actual });
  }

  /** What was read before must be read again if it is older than this. 0: any will do. */
  wantedEpoch(context: CallContext, tenantId: string, token: string | undefined): number {
    if (token === undefined) return 0;
    const state = this.deps.signingEngine.readConsistencyToken(context, token);
    if (state?.tenantId !== tenantId) throw new CodedError('CONSISTENCY_TOKEN_INVALID', { field: 'at_least_as_fresh' });
    this.deps.changeFeed.observe(tenantId, state.epoch);
    return state.epoch;
  }

  private questionsOf(asked: Asked, request: CheckRequest): readonly CheckQuestion[] {
    const frame = questionFrame(asked, request, this.deps.clock.now());
    return request.items.map(({ permission, resource }) => ({ ...frame, permission, resource, unit: request.unit }));
  }

  private resultOf(asked: Asked, question: CheckQuestion, explain: boolean): CheckAnswer['results'][number] {
    const { permissionEngine } = this.deps;
    if (isUnknown(asked)) return { ...NOBODY, explanation: explain ? nothingToExplain(question) : null };
    if (!explain) return { ...permissionEngine.decide(question), explanation: null };
    const explanation = permissionEngine.explain(question);
    return { ...explanation.decision, explanation };
  }

  private nameOf(context: CallContext, { subject: { token, slug }, reading: { facts } }: Asked): string | null {
    if (token === null) return null;
    const { kind, identity } = asKnown({ ...token, tenant: slug }, facts);
    return this.deps.signingEngine.subjectOf(context, kind, identity);
  }

  private compareWithShadow(
    context: CallContext,
    asked: Asked,
    { questions, results }: { readonly questions: readonly CheckQuestion[]; readonly results: readonly CheckDecision[] },
  ): void {
    if (isUnknown(asked)) return;
    const live = questions.flatMap((question, at) => {
      const decision = results[at];
      return decision === undefined ? [] : [{ question, decision }];
    });
    this.shadow.afterCheck(context, asked.subject.question, live);
  }

  private standOf(
    context: CallContext,
    { reading: { policy, facts } }: Asked,
  ): Pick<CheckAnswer, 'policyVersion' | 'epoch' | 'consistencyToken'> {
    const consistencyToken = this.deps.signingEngine.consistencyToken(context, facts);
    return { policyVersion: policyVersionOf(policy), epoch: facts.epoch, consistencyToken };
  }
}

const NOTHING = { permissions: [], conditional: [], validUntil: null };
const NOBODY: CheckDecision = Object.freeze({ allowed: false, code: 'no_grant', residual: null, missing: [], stepUp: null });

/**
 * SECURITY: what everybody in the tenant has is for those who are there: somebody who was only named, and whom nobody registered, has
 * nothing.
 */
function isUnknown({ subject, kind, reading }: Asked): boolean {
  const registered = reading.facts.subject;
  if (kind === 'none') return true;
  return registered === null ? !subject.isProven : kind !== undefined && registered.kind !== kind;
}

function questionFrame({ application, subject, reading }: Asked, { context }: EffectiveRequest, now: number) {
  const { boundary, ceiling, ceilings } = subject;
  return { ...reading, application, context, boundary, ceiling, ceilings, now };
}

function nothingToExplain({ permission, policy, facts }: CheckQuestion): Explanation {
  return {
    permission,
    decision: NOBODY,
    policyVersion: policyVersionOf(policy),
    epoch: facts.epoch,
    paths: [],
    blockedBy: [],
    nearMisses: [{ kind: 'other_role', name: '', because: 'nobody is registered under this key or identity', at: null }],
    validUntil: null,
  };
}

function soleOf(audiences: readonly string[]): string {
  const [only, second] = audiences;
  if (only === undefined) throw notAllowed('audience');
  if (second !== undefined) throw new CodedError('TARGET_MISSING', { field: 'audience' });
  return only;
}

function notAllowed(field: string): CodedError {
  return new CodedError('CHECK_NOT_ALLOWED', { field });
}
