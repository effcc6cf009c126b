import { createHash, randomUUID } from 'node:crypto';
import { exportJWK, generateKeyPair, SignJWT } from 'jose';
import { withManagers } from '#clients/host.js';
import { sampleDocument } from '#devkit/demonstration/sample-document.js';
import { DEV_DIRECTORY_ID, DEV_SPA_CLIENT_ID, personaNamed } from '#devkit/entra-issuer/personas.js';
import { asOwner } from '../support/as-owner.js';
import { basic, exchangeForm, post } from '../support/callers.js';
import { postJson } from '../support/checks.js';
import type { TestDatabase } from '../support/database.js';
import { SAMPLE_AUDIENCE, startService, type TestService } from '../support/service.js';

/** Everything signed or sealed that anybody holds, or finds. */
export type Kind =
  | 'access token of ours'
  | 'access token of an operator'
  | 'access token of an identity provider'
  | 'ID token of an identity provider'
  | 'client assertion'
  | 'DPoP proof'
  | 'cut-off document'
  | 'audit checkpoint'
  | 'consistency token'
  | 'next page of a search';

/** Where one is about to be shown: what a proof is for. */
export interface Place {
  readonly method: string;
  readonly uri: string;
}

export interface World {
  readonly service: TestService;
  /** A client that may ask about the application, and have tokens for it. */
  readonly authorization: string;
  readonly kinds: Readonly<Record<Kind, (place: Place) => string | Promise<string>>>;
}

const CONTEXT = { diagnosticId: '00000000-0000-4000-8000-000000000002', transport: 'cli' } as const;
export const KEYED = 'keyed';

/** A running service, and one of each. */
export async function startWorld(opened: TestDatabase): Promise<World> {
  const service = await startService({ database: opened.settings });
  const operator = { cloud: 'devkit', tid: DEV_DIRECTORY_ID, oid: personaNamed('alice').objectId };
  await service.host.administration.appointFirstOperator(CONTEXT, { apiVersion: 'countersign/bootstrap/v1', operator });
  const { privateKey, publicKey } = await generateKeyPair('ES256', { extractable: true });
  const jwk = await exportJWK(publicKey);
  await service.apply({
    apiVersion: 'countersign/v1',
    tenants: [{ slug: 'acme' }],
    issuers: sampleDocument(service.identityProvider.cloud, '')['issuers'],
    clients: [
      {
        clientId: KEYED,
        authentication: { methods: ['client_secret_basic', 'private_key_jwt'], keys: [{ ...jwk, kid: 'k1', alg: 'ES256' }] },
        secretSha256: [createHash('sha256').update(service.secret).digest('hex')],
        presents: { own: [{ issuer: 'devkit', id: DEV_SPA_CLIENT_ID }] },
        targets: [
          { audience: SAMPLE_AUDIENCE, scopes: ['billing:**'] },
          { audience: 'countersign', scopes: ['countersign:**'] },
        ],
        checks: [SAMPLE_AUDIENCE],
      },
    ],
  });
  const authorization = basic(KEYED, service.secret);
  const upstream = (): string => service.identityProvider.issue({ persona: 'alice' });
  const exchanged = async (more: Record<string, string>) =>
    (await post(service.host, exchangeForm(upstream(), more), { authorization })).body;
  const ours = await exchanged({ audience: SAMPLE_AUDIENCE, tenant: 'acme' });
  const operators = await exchanged({ audience: 'countersign', tenant: 'platform' });
  const cutoffs = await (await fetch(`${service.host.httpUrl}/.well-known/countersign-cutoffs.jwt`)).text();
  const searched = await postJson(service.host, '/access/v1/search/action', authorization, {
    ...{ subject: { type: 'user', id: 'alice' }, resource: { type: 'billing:invoice', id: 'i1' }, page: { limit: 1 } },
    context: { audience: SAMPLE_AUDIENCE, tenant: 'acme' },
  });
  const checkpoint = await sealed(service, opened);
  const signed = (header: object, claims: object): Promise<string> =>
    new SignJWT({ ...claims, jti: randomUUID() })
      .setProtectedHeader({ alg: 'ES256', ...header })
      .setIssuedAt()
      .sign(privateKey);
  const assertion = { iss: KEYED, sub: KEYED, aud: service.settings.issuer };
  return {
    service,
    authorization,
    kinds: {
      'access token of ours': () => String(ours['access_token']),
      'access token of an operator': () => String(operators['access_token']),
      'access token of an identity provider': upstream,
      'ID token of an identity provider': () =>
        service.identityProvider.issue({ persona: 'alice', overrides: { nonce: 'n', at_hash: 'h', aud: DEV_SPA_CLIENT_ID } }),
      'client assertion': () => signed({ kid: 'k1' }, { ...assertion, exp: Math.floor(Date.now() / 1_000) + 50 }),
      'DPoP proof': ({ method, uri }) => signed({ typ: 'dpop+jwt', jwk }, { htm: method, htu: uri }),
      'cut-off document': () => cutoffs,
      'audit checkpoint': () => checkpoint,
      'consistency token': () => String(ours['consistency_token']),
      'next page of a search': () => (searched.body['page'] as { readonly next_token: string }).next_token,
    },
  };
}

async function sealed({ settings }: TestService, { database }: TestDatabase): Promise<string> {
  const seal: Parameters<typeof withManagers>[1] = async ({ keyring, auditAdministration }, context) => {
    await keyring.prepare(context);
    return auditAdministration.seal(context);
  };
  await withManagers(settings, seal, { unsafeRole: 'step-down' });
  const [row] = await asOwner<{ document: string }>(database, 'select document from audit_checkpoint order by number limit 1');
  if (row === undefined) throw new Error('there is no audit checkpoint to try');
  return row.document;
}
