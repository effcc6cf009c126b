import { Body, Controller, Get, HttpCode, Inject, Param, Post, Query, Req } from '@nestjs/common';
import { ApiBearerAuth, ApiBody, ApiOperation, ApiQuery, ApiResponse, ApiTags } from '@nestjs/swagger';
import type { FastifyRequest } from 'fastify';
import {
  POLICY_MANAGER,
  POLICY_QUESTIONS,
  type PlanReport,
  type PolicyDifference,
  type PolicyLint,
  type PolicyManager,
  type PolicyQuestions,
} from '#managers/policy/contract.js';
import type { CallContext } from '#utilities/call-context/contract.js';
import { ForOperators } from '../access.decorators.js';
import * as requests from '../policy-admin.requests.js';
import { operatorOf } from './access.guard.js';

const READ = 'countersign:policy:read';
const PLAN = 'countersign:policy:plan';
const APPLY = 'countersign:policy:apply';
const APPROVE = 'countersign:policy:approve';
const DECISIONS = 'countersign:decision:read';

type Answer<Name extends keyof PolicyManager> = ReturnType<PolicyManager[Name]>;
type Told<Name extends keyof PolicyQuestions> = ReturnType<PolicyQuestions[Name]>;

/** Policies for operators: checked, planned, approved, applied, tried out, undone; and what they mean for people. */
@ApiTags('administration: policies')
@ApiBearerAuth('operator')
@ApiResponse({ status: 401, description: 'Not an operator' })
@ApiResponse({ status: 403, description: 'An operator without the permission' })
@Controller('/admin/v1/policies')
export class PoliciesController {
  constructor(
    @Inject(POLICY_MANAGER) private readonly policies: PolicyManager,
    @Inject(POLICY_QUESTIONS) private readonly questions: PolicyQuestions,
  ) {}

  @Post('/lint')
  @HttpCode(200)
  @ForOperators(READ)
  @ApiOperation({ summary: 'Check a policy file; changes nothing', operationId: 'lintPolicy' })
  @ApiBody({ schema: requests.LINT_BODY })
  @ApiResponse({ status: 200, description: 'Faults and warnings' })
  lint(@Req() request: FastifyRequest, @Body() body: unknown): Promise<PolicyLint> {
    return this.policies.lint(contextOf(request), requests.readLint(body).policy);
  }

  @Post('/test')
  @HttpCode(200)
  @ForOperators(PLAN)
  @ApiOperation({ summary: 'Run tests against a policy file; changes nothing', operationId: 'testPolicy' })
  @ApiBody({ schema: requests.TEST_BODY })
  @ApiResponse({ status: 200, description: 'Results and coverage' })
  test(@Req() request: FastifyRequest, @Body() body: unknown): Answer<'test'> {
    const { policy, tests } = requests.readTest(body);
    return this.policies.test(contextOf(request), policy, tests);
  }

  @Post('/plan')
  @HttpCode(200)
  @ForOperators(PLAN)
  @ApiOperation({
    summary: 'Work out exactly what a policy file would change for whom, and keep that',
    operationId: 'planPolicy',
  })
  @ApiBody({ schema: requests.PLAN_BODY })
  @ApiResponse({ status: 200, description: 'The plan' })
  plan(@Req() request: FastifyRequest, @Body() body: unknown): Promise<PlanReport> {
    const { policy, ...options } = requests.readPlan(body);
    return this.policies.plan(contextOf(request), policy, options);
  }

  @Get('/plans/:id')
  @ForOperators(READ)
  @ApiOperation({ summary: 'A plan as it was made', operationId: 'readPolicyPlan' })
  @ApiResponse({ status: 200, description: 'The plan' })
  readPlan(@Req() request: FastifyRequest, @Param('id') id: string): Promise<PlanReport> {
    return this.policies.readPlan(contextOf(request), id);
  }

  @Post('/plans/:id/apply')
  @HttpCode(200)
  @ForOperators(APPLY)
  @ApiOperation({ summary: 'Put a planned version into force', operationId: 'applyPolicyPlan' })
  @ApiBody({ schema: requests.APPLY_BODY })
  @ApiResponse({ status: 200, description: 'The activation' })
  apply(@Req() request: FastifyRequest, @Param('id') id: string, @Body() body: unknown): Answer<'apply'> {
    return this.policies.apply(contextOf(request), id, requests.readApply(body).reason);
  }

  @Post('/plans/:id/approve')
  @HttpCode(200)
  @ForOperators(APPROVE)
  @ApiOperation({ summary: 'Agree to the plan of another operator', operationId: 'approvePolicyPlan' })
  @ApiResponse({ status: 200, description: 'The plan' })
  async approve(@Req() request: FastifyRequest, @Param('id') id: string): Promise<PlanReport> {
    await this.policies.approve(contextOf(request), id);
    return this.policies.readPlan(contextOf(request), id);
  }

  @Post('/plans/:id/shadow')
  @HttpCode(200)
  @ForOperators(APPLY)
  @ApiOperation({ summary: 'Try a planned version out for a part of the checks; 0 ends it', operationId: 'shadowPolicyPlan' })
  @ApiBody({ schema: requests.SHADOW_BODY })
  @ApiResponse({ status: 200, description: 'The activation' })
  shadow(@Req() request: FastifyRequest, @Param('id') id: string, @Body() body: unknown): Answer<'shadow'> {
    return this.policies.shadow(contextOf(request), id, requests.readShadow(body).share);
  }

  @Post('/rollback')
  @HttpCode(200)
  @ForOperators(APPLY)
  @ApiOperation({ summary: 'Put a version into force again that was in force before', operationId: 'rollbackPolicy' })
  @ApiBody({ schema: requests.ROLLBACK_BODY })
  @ApiResponse({ status: 200, description: 'The activation' })
  rollback(@Req() request: FastifyRequest, @Body() body: unknown): Answer<'rollback'> {
    return this.policies.rollback(contextOf(request), requests.readRollback(body));
  }

  @Get('/history')
  @ForOperators(READ)
  @ApiOperation({ summary: 'Versions and activations, newest first', operationId: 'policyHistory' })
  @ApiQuery({ name: 'tenant' })
  @ApiQuery({ name: 'set', required: false })
  @ApiResponse({ status: 200, description: 'The history' })
  history(@Req() request: FastifyRequest, @Query() query: unknown): Told<'history'> {
    return this.questions.history(contextOf(request), requests.readName(query));
  }

  @Get('/diff')
  @ForOperators(READ)
  @ApiOperation({ summary: 'How two versions differ; without from: what is in force', operationId: 'diffPolicy' })
  @ApiQuery({ name: 'tenant' })
  @ApiQuery({ name: 'set', required: false })
  @ApiQuery({ name: 'from', required: false })
  @ApiQuery({ name: 'to' })
  @ApiResponse({ status: 200, description: 'The differences' })
  diff(@Req() request: FastifyRequest, @Query() query: unknown): Promise<readonly PolicyDifference[]> {
    const { name, ...range } = requests.readRange(query);
    return this.questions.diff(contextOf(request), name, range);
  }

  @Post('/can-i')
  @HttpCode(200)
  @ForOperators(DECISIONS)
  @ApiOperation({ summary: 'Whether a stored subject may, and why or why not', operationId: 'canI' })
  @ApiBody({ schema: requests.CAN_I_BODY })
  @ApiResponse({ status: 200, description: 'The explanation' })
  canI(@Req() request: FastifyRequest, @Body() body: unknown): Told<'canI'> {
    return this.questions.canI(contextOf(request), requests.readCanI(body));
  }

  @Post('/who-can')
  @HttpCode(200)
  @ForOperators(DECISIONS)
  @ApiOperation({ summary: 'Every stored subject that may, in pages', operationId: 'whoCan' })
  @ApiBody({ schema: requests.WHO_CAN_BODY })
  @ApiResponse({ status: 200, description: 'A page of subjects, and where the next one begins' })
  whoCan(@Req() request: FastifyRequest, @Body() body: unknown): Told<'whoCan'> {
    return this.questions.whoCan(contextOf(request), requests.readWhoCan(body));
  }
}

function contextOf(request: FastifyRequest): CallContext {
  return { diagnosticId: request.id, transport: 'rest', operator: operatorOf(request).subject };
}
