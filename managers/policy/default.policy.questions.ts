import type { ExternalFacts, FactAccess, FactQuestion, SubjectFacts } from '#accessors/facts/contract.js';
import type {
  PolicyAccess,
  PolicyActivation,
  PolicyLife,
  PolicyVersion,
  PolicyVersionRecord,
} from '#accessors/policy/contract.js';
import type { AttributeValue } from '#accessors/policy/contract.js';
import type { Application, RegistrationAccess } from '#accessors/registration/contract.js';
import type { CheckQuestion, Explanation, PermissionEngine } from '#engines/permission/contract.js';
import type { PolicyLanguage } from '#engines/permission/policy-language.contract.js';
import type { CallContext } from '#utilities/call-context/contract.js';
import type { Clock } from '#utilities/clock/contract.js';
import { CodedError } from '#utilities/errors/coded-error.js';
import type { PolicyDifference, PolicyName, PolicyQuestions, SubjectQuestion } from './contract.js';
import { NO_TOKEN, NOT_ASKED } from './impact/standing.js';
import { policyDifferences } from './policy-differences.js';
import type { PolicyVersions } from './policy-versions.js';

export interface PolicyQuestionsDeps {
  readonly versions: PolicyVersions;
  readonly policyLife: PolicyLife;
  readonly policyAccess: Pick<PolicyAccess, 'activePolicy'>;
  readonly policyLanguage: Pick<PolicyLanguage, 'write'>;
  readonly permissionEngine: PermissionEngine;
  readonly factAccess: Pick<FactAccess, 'factsOf' | 'factsOfMany' | 'externalFacts' | 'tenantNamed'>;
  readonly registrationAccess: Pick<RegistrationAccess, 'applications'>;
  readonly clock: Clock;
}

type WhoCanQuestion = Parameters<PolicyQuestions['whoCan']>[1];
type WhoCanAnswer = Awaited<ReturnType<PolicyQuestions['whoCan']>>;
type FoundSubject = WhoCanAnswer['subjects'][number];

/** What a question is asked on, apart from whose facts. */
type Ground = Omit<CheckQuestion, 'facts' | 'external'> & { readonly tenantId: string };

const EVERYTHING: readonly string[] = ['**'];
const MAX_PAGE = 1000;
/** Subjects that are looked at for one page at most, so that a question about a rare permission answers in time. */
const MAX_LOOKED_AT = 20_000;

export class DefaultPolicyQuestions implements PolicyQuestions {
  constructor(private readonly deps: PolicyQuestionsDeps) {}

  async history(
    context: CallContext,
    { tenant, set }: PolicyName,
  ): Promise<{ readonly versions: readonly PolicyVersionRecord[]; readonly activations: readonly PolicyActivation[] }> {
    const tenantId = await this.deps.versions.tenantId(context, tenant);
    const versions = await this.deps.policyLife.versions(context, tenantId, set);
    const activations = await this.deps.policyLife.activations(context, tenantId);
    return { versions, activations: activations.filter((each) => each.set === set) };
  }

  async diff(
    context: CallContext,
    name: PolicyName,
    { from, to }: { readonly from: number | null; readonly to: number },
  ): Promise<readonly PolicyDifference[]> {
    const before = await this.contentOf(context, name, from);
    const after = await this.contentOf(context, name, to);
    return policyDifferences(before.policy, after.policy);
  }

  async read(context: CallContext, name: PolicyName, version: number | null): Promise<Readonly<Record<string, AttributeValue>>> {
    const { policy, record } = await this.contentOf(context, name, version);
    if (record === null) throw new CodedError('POLICY_UNKNOWN', { actual: 'nothing is in force' });
    return this.deps.policyLanguage.write({ tenant: name.tenant, set: policy.set, message: record.message, content: policy });
  }

  async canI(context: CallContext, question: SubjectQuestion): Promise<Explanation> {
    const ground = await this.ground(context, question);
    const { factAccess, permissionEngine } = this.deps;
    const subject: FactQuestion = {
      tenantId: ground.tenantId,
      subject: { by: 'key', key: question.subject },
      groups: [],
    };
    const facts = await factAccess.factsOf(context, subject);
    if (facts.subject === null) throw new CodedError('SUBJECT_UNKNOWN', { field: 'subject', actual: question.subject });
    const external = await factAccess.externalFacts(context, subject, permissionEngine.wantedFacts(ground.policy));
    return permissionEngine.explain({ ...ground, facts, external });
  }

  async whoCan(context: CallContext, question: WhoCanQuestion): Promise<WhoCanAnswer> {
    const ground = await this.ground(context, question);
    const limit = Math.min(Math.max(Math.trunc(question.limit), 1), MAX_PAGE);
    const subjects: FoundSubject[] = [];
    let { after } = question;
    for (let lookedAt = 0; lookedAt < MAX_LOOKED_AT;) {
      const page = await this.deps.factAccess.factsOfMany(context, ground.tenantId, { after, limit: MAX_PAGE });
      for (const facts of page) {
        lookedAt += 1;
        if (facts.subject === null) continue;
        after = facts.subject.id;
        subjects.push(...(await this.found(context, ground, facts)));
        if (subjects.length === limit) return { subjects, next: after };
      }
      if (page.length < MAX_PAGE) return { subjects, next: null };
    }
    return { subjects, next: after };
  }

  private async found(context: CallContext, ground: Ground, facts: SubjectFacts): Promise<readonly FoundSubject[]> {
    const subject = facts.subject?.key ?? '';
    const external = await this.externalOf(context, ground, facts);
    const { allowed, code, residual } = this.deps.permissionEngine.decide({ ...ground, facts, external });
    if (allowed) return [{ subject, answer: 'granted', residual: null }];
    return code === 'conditional' || code === 'condition_unknown' ? [{ subject, answer: 'conditional', residual }] : [];
  }

  private externalOf(context: CallContext, { policy, tenantId }: Ground, facts: SubjectFacts): Promise<ExternalFacts> {
    const wanted = this.deps.permissionEngine.wantedFacts(policy);
    if (wanted.length === 0) return Promise.resolve(NOT_ASKED);
    const subject = { by: 'key', key: facts.subject?.key ?? '' } as const;
    return this.deps.factAccess.externalFacts(context, { tenantId, subject, groups: [] }, wanted);
  }

  /** @throws CodedError `TENANT_UNRESOLVED`, `TARGET_UNKNOWN`, `POLICY_UNKNOWN`, `REQUEST_PARAMETER_INVALID` */
  private async ground(context: CallContext, question: Omit<SubjectQuestion, 'subject'>): Promise<Ground> {
    const tenantId = await this.deps.versions.tenantId(context, question.tenant);
    const application = await this.application(context, question);
    const policy = await this.policy(context, tenantId, question.version);
    const { permission, resource, unit, at } = question;
    return {
      tenantId,
      policy,
      application,
      claims: NO_TOKEN,
      context: question.context,
      boundary: EVERYTHING,
      ceiling: null,
      now: at ?? this.deps.clock.now(),
      permission,
      resource,
      unit,
    };
  }

  private async application(
    context: CallContext,
    { audience, permission }: Pick<SubjectQuestion, 'audience' | 'permission'>,
  ): Promise<Application> {
    const application = (await this.deps.registrationAccess.applications(context)).find((each) => each.audience === audience);
    if (application === undefined) throw new CodedError('TARGET_UNKNOWN', { field: 'audience', actual: audience });
    if (application.permissions.some(({ name }) => name === permission)) return application;
    throw new CodedError('REQUEST_PARAMETER_INVALID', {
      field: 'permission',
      actual: permission,
      expected: `a permission of ${audience}`,
    });
  }

  private async policy(context: CallContext, tenantId: string, version: number | null): Promise<PolicyVersion> {
    const active = await this.deps.policyAccess.activePolicy(context, tenantId);
    if (version === null) return active;
    return (await this.deps.policyLife.version(context, tenantId, { set: active.set, sequence: version })).policy;
  }

  private async contentOf(
    context: CallContext,
    { tenant, set }: PolicyName,
    version: number | null,
  ): Promise<{ readonly policy: PolicyVersion; readonly record: PolicyVersionRecord | null }> {
    if (version === null) return this.deps.versions.inForce(context, tenant);
    const tenantId = await this.deps.versions.tenantId(context, tenant);
    return this.deps.policyLife.version(context, tenantId, { set, sequence: version });
  }
}
