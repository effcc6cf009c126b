import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { decodeJwt } from 'jose';
import { parse } from 'yaml';
import { sampleDocument } from '#devkit/demonstration/sample-document.js';
import { DEV_API_CLIENT_ID } from '#devkit/entra-issuer/personas.js';
import { CATALOGUE } from '#utilities/errors/catalogue.js';
import { exchangeForm, post, type RestAnswer } from '../support/callers.js';
import { describeOnPostgres } from '../support/database.js';
import { SAMPLE_AUDIENCE, startService, type TestService } from '../support/service.js';
import { makeKey, signedToken } from '../vectors/token-factory.js';

const guide = (name: string): string => readFileSync(join(import.meta.dirname, '../../docs/guides', name), 'utf8');
const PAGE = guide('workload-identity.md');
const CLUSTER = 'https://kubernetes.default.svc.cluster.local';
const UID = '7e1f0a9c-5d0b-4c57-9a51-0a4f5c2f7a11';
const KUBERNETES_AUDIENCE = 'https://auth.acme.example/clients';
const ENTRA_AUDIENCE = 'api://countersign-clients';

interface Section {
  readonly issuers?: readonly object[];
  readonly clients: readonly object[];
}

/** The block of the guide that begins with this comment; what stands for the reader's own is put in. */
function block(name: string, changes: Readonly<Record<string, string>> = {}): Section {
  const blocks = [...PAGE.matchAll(/^ *```yaml\n([\s\S]*?)^ *```$/gm)].map(([, text = '']) => text);
  const found = blocks.find((text) => text.trimStart().startsWith(`# ${name}\n`));
  if (found === undefined) throw new Error(`the guide has no block ${name}`);
  let text = found.replaceAll('contoso', 'devkit').replaceAll('6e74172b-be56-4843-9ff4-e66a39bb12e3', DEV_API_CLIENT_ID);
  for (const [from, to] of Object.entries(changes)) text = text.replaceAll(from, to);
  return parse(text) as Section;
}

describeOnPostgres('The guide to services without a secret', (open) => {
  let service: TestService;
  const cluster = makeKey('RS256', 'cluster-1');

  beforeAll(async () => {
    service = await startService({ database: (await open()).settings });
  }, 60_000);
  afterAll(() => service.stop());

  const devkit = () => sampleDocument(service.identityProvider.cloud, '0'.repeat(64))['issuers'] as readonly object[];
  const apply = ({ issuers = [], clients }: Section) =>
    service.apply({ apiVersion: 'countersign/v1', issuers: [...issuers, ...devkit()], clients });
  /** The call of the guide: on behalf of alice, whose token is for the API of the service. */
  const exchange = (assertion: string): Promise<RestAnswer> =>
    post(
      service.host,
      exchangeForm(service.identityProvider.issue({ persona: 'alice' }), {
        client_id: 'orders',
        client_assertion_type: 'urn:ietf:params:oauth:client-assertion-type:jwt-bearer',
        client_assertion: assertion,
        audience: SAMPLE_AUDIENCE,
      }),
    );
  const expectExchanged = ({ body }: RestAnswer): void => {
    expect(body).toMatchObject({ token_type: 'Bearer', scope: 'billing:invoice:read' });
    expect(decodeJwt(String(body['access_token']))).toMatchObject({
      client_id: 'orders',
      act: { sub: expect.stringMatching(/^c_/) },
    });
  };

  describe('Kubernetes', () => {
    const token = (changes: Readonly<Record<string, unknown>> = {}): string => {
      const now = Math.floor(Date.now() / 1000);
      const claims = {
        iss: CLUSTER,
        sub: 'system:serviceaccount:prod:orders',
        aud: [KUBERNETES_AUDIENCE],
        iat: now,
        nbf: now,
        exp: now + 600,
        'kubernetes.io': { namespace: 'prod', serviceaccount: { name: 'orders', uid: UID } },
        ...changes,
      };
      return signedToken({ alg: 'RS256', kid: cluster.kid }, claims, cluster);
    };
    beforeAll(() => apply(block('kubernetes', { '<jwks>': JSON.stringify({ keys: [cluster.publicJwk] }) })));

    it('exchanges with the token of its service account', async () => {
      expectExchanged(await exchange(token()));
    });

    it.each([
      [
        'of another account of the same name',
        { 'kubernetes.io': { serviceaccount: { name: 'orders', uid: UID.replace('7', '8') } } },
      ],
      ['for the API server', { aud: [CLUSTER] }],
      ['for subjects', { aud: ['https://auth.acme.example/subjects'] }],
      ['that ended', { exp: 1 }],
    ])('is refused with a token %s', async (_name, changes) => {
      const answer = await exchange(token(changes));
      expect([answer.status, answer.body]).toMatchObject([401, { error: 'invalid_client', code: 'CLIENT_ASSERTION_INVALID' }]);
    });

    it('cannot have the token of a client exchanged', async () => {
      const form = exchangeForm(token(), { client_id: 'orders', audience: SAMPLE_AUDIENCE });
      form.set('client_assertion', token());
      form.set('client_assertion_type', 'urn:ietf:params:oauth:client-assertion-type:jwt-bearer');
      expect((await post(service.host, form)).body).toMatchObject({ code: 'TOKEN_AUDIENCE_MISMATCH' });
    });
  });

  describe('Entra', () => {
    const token = (overrides: Readonly<Record<string, unknown>> = {}, persona: 'svc-billing' | 'alice' = 'svc-billing'): string =>
      service.identityProvider.issue({ persona, version: 1, audience: ENTRA_AUDIENCE, overrides });
    beforeAll(() => apply(block('entra')));

    it('exchanges with the token of its managed identity', async () => {
      expectExchanged(await exchange(token()));
    });

    it('is refused with a token without a role, of a person, and of the API itself', async () => {
      const forApi = service.identityProvider.issue({ persona: 'svc-billing' });
      for (const text of [token({ roles: undefined }), token({}, 'alice'), forApi])
        expect((await exchange(text)).body).toMatchObject({ code: 'CLIENT_ASSERTION_INVALID' });
    });
  });

  it('names codes that exist, and no others', () => {
    for (const name of ['workload-identity.md', 'client-authentication.md']) {
      const codes = [...guide(name).matchAll(/`([A-Z]+(?:_[A-Z]+)+)`/g)]
        .map(([, code = '']) => code)
        .filter((code) => code !== 'REPOSITORY_ID');
      expect(codes.length).toBeGreaterThan(1);
      expect(codes.filter((code) => !Object.hasOwn(CATALOGUE, code))).toEqual([]);
    }
  });
});
