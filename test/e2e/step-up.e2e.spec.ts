import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import { createHash } from 'node:crypto';
import { sampleDocument } from '#devkit/demonstration/sample-document.js';
import { basic, call, exchangeForm, JWT_TYPE, post } from '../support/callers.js';
import { PORTAL_CLIENT_ID, SAMPLE_AUDIENCE, startService, type TestService } from '../support/service.js';

/** Demands the authentication context `c1` of everybody whom the identity provider signs in. */
async function demandContext(service: TestService): Promise<void> {
  const digest = createHash('sha256').update(service.secret).digest('hex');
  const { apiVersion, issuers } = sampleDocument(service.identityProvider.cloud, digest);
  const [issuer] = Array.isArray(issuers) ? (issuers as readonly object[]) : [];
  await service.apply({ apiVersion, issuers: [{ ...issuer, acceptance: { requiredAuthContext: 'c1' } }] });
}

describe('A rule that demands a stronger sign-in', () => {
  let service: TestService;
  beforeAll(async () => {
    service = await startService({ database: { kind: 'embedded', directory: null } });
    await demandContext(service);
  }, 60_000);
  afterAll(() => service.stop());

  const tokenWith = (overrides: Readonly<Record<string, unknown>>): string =>
    service.identityProvider.issue({ persona: 'alice', version: 2, overrides });
  const rest = (subject: string): ReturnType<typeof post> =>
    post(service.host, exchangeForm(subject, { audience: SAMPLE_AUDIENCE }), {
      authorization: basic(PORTAL_CLIENT_ID, service.secret),
    });
  const grpc = (subject: string): ReturnType<typeof call> =>
    call(service.host, basic(PORTAL_CLIENT_ID, service.secret), {
      subjectToken: subject,
      subjectTokenType: JWT_TYPE,
      audience: [SAMPLE_AUDIENCE],
    });
  const wanted = (claims: unknown): unknown => JSON.parse(Buffer.from(String(claims), 'base64').toString('utf8'));
  const CHALLENGE = { access_token: { acrs: { essential: true, value: 'c1' } } };

  it('hands a client that can use it the claims request, over REST and over gRPC', async () => {
    const subject = tokenWith({ xms_cc: ['cp1'] });
    const overRest = await rest(subject);
    expect(overRest).toMatchObject({ status: 400, body: { code: 'TOKEN_STEP_UP_REQUIRED', field: 'subject_token' } });
    expect(wanted(overRest.body['claims'])).toEqual(CHALLENGE);
    const { failure } = await grpc(subject);
    expect(failure?.reason).toBe('TOKEN_STEP_UP_REQUIRED');
    expect(wanted(failure?.metadata['claims'])).toEqual(CHALLENGE);
  });

  it('hands none to a client that would ask for ever', async () => {
    const overRest = await rest(tokenWith({}));
    expect(overRest.body).toMatchObject({ code: 'TOKEN_STEP_UP_REQUIRED' });
    expect(overRest.body['claims']).toBeUndefined();
    expect((await grpc(tokenWith({}))).failure?.metadata['claims']).toBeUndefined();
  });

  it('takes the token that the user comes back with', async () => {
    const subject = tokenWith({ xms_cc: ['cp1'], acrs: ['c1'] });
    expect((await rest(subject)).status).toBe(200);
    expect((await grpc(subject)).response?.accessToken).toBeDefined();
  });
});
