import type { Metadata } from '@grpc/grpc-js';
import { Controller, Inject, UseFilters } from '@nestjs/common';
import { GrpcMethod } from '@nestjs/microservices';
import { POLICY_MANAGER, POLICY_QUESTIONS, type PolicyManager, type PolicyQuestions } from '#managers/policy/contract.js';
import type * as proto from '#protos/generated/countersign/policy/v1/policy.js';
import { OpenToAll } from '../access.decorators.js';
import * as requests from '../policy-admin.requests.js';
import { CALLERS, type Callers } from './callers.js';
import * as messages from './policy.messages.js';
import { GrpcStatusFilter } from './status.filter.js';

const SERVICE = 'PolicyService';

/** Policies for operators, whom the interceptor has let in; without one every handler refuses. */
@OpenToAll()
@Controller()
@UseFilters(GrpcStatusFilter)
export class PolicyController {
  constructor(
    @Inject(POLICY_MANAGER) private readonly policies: PolicyManager,
    @Inject(POLICY_QUESTIONS) private readonly questions: PolicyQuestions,
    @Inject(CALLERS) private readonly callers: Callers,
  ) {}

  @GrpcMethod(SERVICE, 'lintPolicy')
  async lintPolicy({ policyJson }: proto.LintPolicyRequest, metadata: Metadata): Promise<proto.LintPolicyResponse> {
    const context = this.callers.operatorOf(metadata);
    const { policy } = requests.readLint({ policy: messages.jsonIn(policyJson, 'policy_json') });
    const { faults, warnings } = await this.policies.lint(context, policy);
    return { faults: [...faults], warnings: [...warnings] };
  }

  @GrpcMethod(SERVICE, 'testPolicy')
  async testPolicy(request: proto.TestPolicyRequest, metadata: Metadata): Promise<proto.TestPolicyResponse> {
    const context = this.callers.operatorOf(metadata);
    const { policy, tests } = requests.readTest(documentsIn(request));
    return messages.testMessage(await this.policies.test(context, policy, tests));
  }

  @GrpcMethod(SERVICE, 'planPolicy')
  async planPolicy(request: proto.PlanPolicyRequest, metadata: Metadata): Promise<proto.PlanPolicyResponse> {
    const context = this.callers.operatorOf(metadata);
    const { maxSubjectsLosing, forbidGain, replayDays } = request;
    const { policy, ...options } = requests.readPlan({
      ...documentsIn(request),
      guardRails: { forbidGain, ...(maxSubjectsLosing === undefined ? {} : { maxSubjectsLosing }) },
      replayDays: replayDays ?? null,
    });
    return { plan: messages.planMessage(await this.policies.plan(context, policy, options)) };
  }

  @GrpcMethod(SERVICE, 'getPlan')
  async getPlan({ planId }: proto.GetPlanRequest, metadata: Metadata): Promise<proto.GetPlanResponse> {
    const context = this.callers.operatorOf(metadata);
    return { plan: messages.planMessage(await this.policies.readPlan(context, planId)) };
  }

  @GrpcMethod(SERVICE, 'approvePlan')
  async approvePlan({ planId }: proto.ApprovePlanRequest, metadata: Metadata): Promise<proto.ApprovePlanResponse> {
    const context = this.callers.operatorOf(metadata);
    await this.policies.approve(context, planId);
    return { plan: messages.planMessage(await this.policies.readPlan(context, planId)) };
  }

  @GrpcMethod(SERVICE, 'applyPlan')
  async applyPlan({ planId, reason }: proto.ApplyPlanRequest, metadata: Metadata): Promise<proto.ApplyPlanResponse> {
    const context = this.callers.operatorOf(metadata);
    const applied = await this.policies.apply(context, planId, requests.readApply({ reason }).reason);
    return { activation: messages.activationMessage(applied) };
  }

  @GrpcMethod(SERVICE, 'shadowPlan')
  async shadowPlan({ planId, share }: proto.ShadowPlanRequest, metadata: Metadata): Promise<proto.ShadowPlanResponse> {
    const context = this.callers.operatorOf(metadata);
    const activation = await this.policies.shadow(context, planId, requests.readShadow({ share }).share);
    return { activation: messages.activationMessage(activation) };
  }

  @GrpcMethod(SERVICE, 'rollbackPolicy')
  async rollbackPolicy(
    { to, reason, ...name }: proto.RollbackPolicyRequest,
    metadata: Metadata,
  ): Promise<proto.RollbackPolicyResponse> {
    const context = this.callers.operatorOf(metadata);
    const order = requests.readRollback({ ...nameIn(name), to: to ?? null, reason });
    return { activation: messages.activationMessage(await this.policies.rollback(context, order)) };
  }

  @GrpcMethod(SERVICE, 'getHistory')
  async getHistory(request: proto.GetHistoryRequest, metadata: Metadata): Promise<proto.GetHistoryResponse> {
    const context = this.callers.operatorOf(metadata);
    return messages.historyMessage(await this.questions.history(context, requests.readName(nameIn(request))));
  }

  @GrpcMethod(SERVICE, 'diffPolicy')
  async diffPolicy({ from, to, ...name }: proto.DiffPolicyRequest, metadata: Metadata): Promise<proto.DiffPolicyResponse> {
    const context = this.callers.operatorOf(metadata);
    const { name: read, ...range } = requests.readRange({ ...nameIn(name), to, ...(from === undefined ? {} : { from }) });
    return { differences: messages.differenceMessages(await this.questions.diff(context, read, range)) };
  }

  @GrpcMethod(SERVICE, 'canI')
  async canI({ question, subject }: proto.CanIRequest, metadata: Metadata): Promise<proto.CanIResponse> {
    const context = this.callers.operatorOf(metadata);
    const asked = requests.readCanI({ ...messages.questionOf(question), subject });
    return messages.explanationMessage(await this.questions.canI(context, asked));
  }

  @GrpcMethod(SERVICE, 'whoCan')
  async whoCan({ question, pageToken, pageSize }: proto.WhoCanRequest, metadata: Metadata): Promise<proto.WhoCanResponse> {
    const context = this.callers.operatorOf(metadata);
    const asked = requests.readWhoCan({
      ...messages.questionOf(question),
      after: pageToken === '' ? null : pageToken,
      ...(pageSize === 0 ? {} : { limit: pageSize }),
    });
    const { subjects, next } = await this.questions.whoCan(context, asked);
    return { subjects: subjects.map((each) => ({ ...each, residual: each.residual ?? '' })), nextPageToken: next ?? '' };
  }
}

function documentsIn({ policyJson, testsJson }: { readonly policyJson: string; readonly testsJson: readonly string[] }): object {
  return {
    policy: messages.jsonIn(policyJson, 'policy_json'),
    tests: testsJson.map((text, at) => messages.jsonIn(text, `tests_json[${String(at)}]`)),
  };
}

function nameIn({ tenant, set }: { readonly tenant: string; readonly set: string }): object {
  return set === '' ? { tenant } : { tenant, set };
}
