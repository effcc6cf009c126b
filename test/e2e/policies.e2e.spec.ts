import { createHash } from 'node:crypto';
import { type Client, credentials, Metadata, type ServiceError, status } from '@grpc/grpc-js';
import { afterAll, beforeAll, expect, it } from '@jest/globals';
import { sampleDocument } from '#devkit/demonstration/sample-document.js';
import { DEV_DIRECTORY_ID, DEV_SPA_CLIENT_ID, personaNamed } from '#devkit/entra-issuer/personas.js';
import { type PlanPolicyResponse, PolicyServiceClient } from '#protos/generated/countersign/policy/v1/policy.js';
import { basic, exchangeForm, post } from '../support/callers.js';
import { describeOnPostgres } from '../support/database.js';
import { SAMPLE_AUDIENCE, startService, type TestService } from '../support/service.js';

const CONTEXT = { diagnosticId: '00000000-0000-4000-8000-000000000002', transport: 'cli' } as const;
const header = { apiVersion: 'countersign/v1' };
const policyOf = (grants: readonly string[], tenant = 'trial') => ({
  ...header,
  kind: 'PolicySet',
  metadata: { tenant, name: 'main', message: 'a trial' },
  roles: { clerk: { grants } },
});
const READING = policyOf(['billing:invoice:read']);
const WIDER = policyOf(['billing:invoice:read', 'billing:invoice:create']);

describeOnPostgres('Policies over REST and gRPC', (open) => {
  let service: TestService;
  let olga: string;
  let auditor: string;
  let grpc: PolicyServiceClient;

  beforeAll(async () => {
    service = await startService({ database: (await open()).settings });
    const identity = { cloud: 'devkit', tid: DEV_DIRECTORY_ID, oid: personaNamed('alice').objectId };
    const bootstrap = { apiVersion: 'countersign/bootstrap/v1', operator: identity };
    await service.host.administration.appointFirstOperator(CONTEXT, bootstrap);
    const digest = createHash('sha256').update(service.secret).digest('hex');
    const person = (tenant: string, key: string, oid: string) => ({
      tenant,
      key,
      kind: 'user',
      identities: [{ issuer: 'devkit', directory: DEV_DIRECTORY_ID, id: oid }],
    });
    await service.apply({
      ...header,
      tenants: [{ slug: 'acme' }, { slug: 'trial' }, { slug: 'platform' }],
      issuers: sampleDocument(service.identityProvider.cloud, digest)['issuers'],
      clients: [
        {
          clientId: 'ops-cli',
          secretSha256: [digest],
          presents: { own: [{ issuer: 'devkit', id: DEV_SPA_CLIENT_ID }] },
          targets: [{ audience: 'countersign', scopes: ['countersign:**'] }],
        },
      ],
      subjects: [
        person('trial', 'cleo', '5d1a0f6b-52f0-4c2e-8a35-9b1d7a547c88'),
        person('platform', 'bob', personaNamed('bob').objectId),
      ],
      assignments: [
        { tenant: 'trial', principal: 'subject:cleo', role: 'clerk' },
        { tenant: 'platform', principal: 'subject:bob', role: 'auditor' },
      ],
    });
    [olga, auditor] = [await tokenFor('alice'), await tokenFor('bob')];
    grpc = new PolicyServiceClient(service.host.grpcAddress, credentials.createInsecure());
  }, 90_000);
  afterAll(async () => {
    grpc.close();
    await service.stop();
  });

  async function tokenFor(persona: 'alice' | 'bob'): Promise<string> {
    const form = exchangeForm(service.identityProvider.issue({ persona }), { audience: 'countersign', tenant: 'platform' });
    const answer = await post(service.host, form, { authorization: basic('ops-cli', service.secret) });
    return String(answer.body['access_token'] ?? answer.body['code']);
  }

  interface Answer {
    readonly status: number;
    readonly body: Record<string, unknown> & { readonly planId: string };
  }

  async function rest(path: string, token: string | null, body?: object): Promise<Answer> {
    const answer = await fetch(`${service.host.httpUrl}/admin/v1/policies${path}`, {
      method: body === undefined ? 'GET' : 'POST',
      headers: {
        ...(token === null ? {} : { authorization: `Bearer ${token}` }),
        ...(body === undefined ? {} : { 'content-type': 'application/json' }),
      },
      ...(body === undefined ? {} : { body: JSON.stringify(body) }),
    });
    return { status: answer.status, body: (await answer.json()) as Answer['body'] };
  }

  /** Calls a method by the name that its generated client has; answers the response or the status. */
  function call<Response>(method: string, request: object, token: string | null = olga): Promise<Response> {
    const metadata = new Metadata();
    if (token !== null) metadata.set('authorization', `Bearer ${token}`);
    const methods = grpc as unknown as Record<string, (...parameters: unknown[]) => Client>;
    return new Promise((resolve, reject) => {
      methods[method]?.call(grpc, request, metadata, (error: ServiceError | null, response: Response) => {
        if (error === null) resolve(response);
        else reject(error);
      });
    });
  }

  const question = { tenant: 'trial', audience: SAMPLE_AUDIENCE, permission: 'billing:invoice:read' };

  it('takes a policy over REST from a file to being in force and back', async () => {
    expect(await rest('/lint', olga, { policy: READING })).toMatchObject({ status: 200, body: { faults: [] } });
    const plan = await rest('/plan', olga, { policy: READING });
    expect(plan).toMatchObject({ status: 200, body: { changedSubjects: 1, refusals: [], base: null } });
    const { planId } = plan.body;
    expect((await rest(`/plans/${planId}`, olga)).body).toEqual(plan.body);
    expect(await rest('/can-i', olga, { ...question, subject: 'cleo' })).toMatchObject({
      status: 200,
      body: { decision: { allowed: false, code: 'no_grant' } },
    });
    expect(await rest(`/plans/${planId}/apply`, olga, { reason: 'first' })).toMatchObject({ status: 200, body: { sequence: 1 } });
    expect(await rest('/can-i', olga, { ...question, subject: 'cleo' })).toMatchObject({ body: { decision: { allowed: true } } });
    expect((await rest('/who-can', olga, question)).body).toEqual({
      subjects: [{ subject: 'cleo', answer: 'granted', residual: null }],
      next: null,
    });

    const wider = await rest('/plan', olga, { policy: WIDER });
    expect(await rest(`/plans/${wider.body.planId}/shadow`, olga, { share: 0.5 })).toMatchObject({ body: { mode: 'shadow' } });
    await rest(`/plans/${wider.body.planId}/apply`, olga, { reason: 'second' });
    expect((await rest('/diff?tenant=trial&from=1&to=2', olga)).body).toEqual([
      { path: 'roles.clerk.grants', before: ['billing:invoice:read'], after: ['billing:invoice:create', 'billing:invoice:read'] },
    ]);
    expect(await rest('/rollback', olga, { tenant: 'trial', reason: 'back' })).toMatchObject({
      status: 200,
      body: { sequence: 1 },
    });
    const history = (await rest('/history?tenant=trial', olga)).body;
    expect(history).toMatchObject({ versions: [{ sequence: 2 }, { sequence: 1 }], activations: [{ number: 4 }, {}, {}, {}] });
    expect(String((history['activations'] as { by: string }[])[0]?.by)).toMatch(/^u_/);
  });

  it('says the same over gRPC', async () => {
    const policyJson = JSON.stringify(WIDER);
    expect(await call('lintPolicy', { policyJson })).toMatchObject({ faults: [] });
    const { plan } = await call<PlanPolicyResponse>('planPolicy', {
      policyJson,
      testsJson: [],
      forbidGain: ['billing:report:*'],
    });
    expect(plan).toMatchObject({ base: 1, candidate: 2, gainingSubjects: 1, refusals: [], changes: [{ change: 'gained' }] });
    const planId = plan?.planId ?? '';
    expect(await call('getPlan', { planId })).toEqual({ plan });
    expect(await call('shadowPlan', { planId, share: 0 })).toMatchObject({ activation: { mode: 'shadow-end' } });
    expect(await call('applyPlan', { planId, reason: 'again' })).toMatchObject({ activation: { version: 2, mode: 'enforce' } });
    expect(
      await call('canI', { question: { ...question, resourceJson: '', unit: '', contextJson: '' }, subject: 'cleo' }),
    ).toMatchObject({
      allowed: true,
      code: 'granted',
    });
    const asked = { ...question, resourceJson: '{"type":"invoice","id":"i1"}', unit: '', contextJson: '{}' };
    expect(await call('whoCan', { question: asked, pageToken: '', pageSize: 0 })).toMatchObject({
      subjects: [{ subject: 'cleo' }],
    });
    expect(await call('diffPolicy', { tenant: 'trial', set: '', to: 1 })).toMatchObject({
      differences: [{ path: 'roles.clerk.grants' }],
    });
    expect(await call('rollbackPolicy', { tenant: 'trial', set: '', reason: 'back', to: 1 })).toMatchObject({
      activation: { version: 1 },
    });
    expect(await call('getHistory', { tenant: 'trial', set: '' })).toMatchObject({ versions: [{ version: 2 }, { version: 1 }] });
    await expect(call('approvePlan', { planId })).rejects.toMatchObject({ code: status.FAILED_PRECONDITION });
    const tests = { ...header, kind: 'PolicyTest', defaults: { now: '2026-05-13T08:30:00Z' }, tests: [ALL_KEEP_READING] };
    expect(await call('testPolicy', { policyJson, testsJson: [JSON.stringify(tests)] })).toMatchObject({
      results: [{ passed: true }],
    });
  });

  it('refuses in one way over both: what is faulty, unknown or outdated', async () => {
    const faulty = policyOf(['biling:x:y']);
    expect(await rest('/plan', olga, { policy: faulty })).toMatchObject({ status: 400, body: { code: 'POLICY_INVALID' } });
    await expect(call('planPolicy', { policyJson: JSON.stringify(faulty), testsJson: [], forbidGain: [] })).rejects.toMatchObject(
      {
        code: status.INVALID_ARGUMENT,
      },
    );
    expect(await rest('/plans/nonsense', olga)).toMatchObject({ status: 404, body: { code: 'PLAN_UNKNOWN' } });
    await expect(call('getPlan', { planId: 'nonsense' })).rejects.toMatchObject({ code: status.NOT_FOUND });
    expect(await rest('/can-i', olga, { ...question, subject: 'ghost' })).toMatchObject({
      status: 404,
      body: { code: 'SUBJECT_UNKNOWN' },
    });
    const plans = [await rest('/plan', olga, { policy: WIDER }), await rest('/plan', olga, { policy: WIDER })];
    await rest(`/plans/${plans[0]?.body.planId ?? ''}/apply`, olga, { reason: 'first' });
    expect(await rest(`/plans/${plans[1]?.body.planId ?? ''}/apply`, olga, { reason: 'second' })).toMatchObject({
      status: 409,
      body: { code: 'POLICY_CHANGED' },
    });
    await expect(call('applyPlan', { planId: plans[1]?.body.planId, reason: 'x' })).rejects.toMatchObject({
      code: status.ABORTED,
    });
    expect(await rest('/plan', olga, { policy: 7 })).toMatchObject({ status: 400, body: { code: 'REQUEST_PARAMETER_INVALID' } });
    await expect(call('lintPolicy', { policyJson: 'no json' })).rejects.toMatchObject({ code: status.INVALID_ARGUMENT });
  });

  it('opens to nobody without an operator token, and to an auditor for reading alone', async () => {
    const paths: readonly [string, object?][] = [
      ['/lint', { policy: READING }],
      ['/test', { policy: READING, tests: [] }],
      ['/plan', { policy: READING }],
      ['/plans/x'],
      ['/plans/x/apply', { reason: 'r' }],
      ['/plans/x/approve', {}],
      ['/plans/x/shadow', { share: 0 }],
      ['/rollback', { tenant: 'trial', reason: 'r' }],
      ['/history?tenant=trial'],
      ['/diff?tenant=trial&to=1'],
      ['/can-i', question],
      ['/who-can', question],
    ];
    for (const [path, body] of paths) {
      expect([path, (await rest(path, null, body)).status]).toEqual([path, 401]);
      const mayRead = ['/lint', '/plans/x', '/history?tenant=trial', '/diff?tenant=trial&to=1', '/can-i', '/who-can'].includes(
        path,
      );
      expect([path, (await rest(path, auditor, body)).status === 403]).toEqual([path, !mayRead]);
    }
    const methods = [
      'lintPolicy',
      'testPolicy',
      'planPolicy',
      'getPlan',
      'approvePlan',
      'applyPlan',
      'shadowPlan',
      'rollbackPolicy',
    ];
    for (const method of [...methods, 'getHistory', 'diffPolicy', 'canI', 'whoCan']) {
      const request = {
        policyJson: '{}',
        testsJson: [],
        forbidGain: [],
        tenant: 'trial',
        set: '',
        planId: 'x',
        reason: 'r',
        share: 0,
        to: 1,
      };
      await expect(call(method, { ...request, subject: '', pageToken: '', pageSize: 0 }, null)).rejects.toMatchObject({
        code: status.UNAUTHENTICATED,
      });
    }
    await expect(call('applyPlan', { planId: 'x', reason: 'r' }, auditor)).rejects.toMatchObject({
      code: status.PERMISSION_DENIED,
    });
  });
});

const ALL_KEEP_READING = {
  name: 'no one loses read',
  given: { all_subjects: true },
  invariant: 'superset_of_live',
  permissions: ['**:read'],
};
