import { createHash } from 'node:crypto';
import { decodeJwt } from 'jose';
import { sampleDocument } from '#devkit/demonstration/sample-document.js';
import { DEV_API_CLIENT_ID, DEV_SVC_BILLING_CLIENT_ID } from '#devkit/entra-issuer/personas.js';
import { basic, call, exchangeForm, JWT_TYPE, post } from '../support/callers.js';
import { SAMPLE_AUDIENCE, type TestService } from '../support/service.js';

export const LEDGER = 'https://ledger.acme.example';
export const ARCHIVE = 'https://archive.acme.example';
export const VAULT = 'https://vault.acme.example';

const prefixOf = (audience: string): string => new URL(audience).hostname.split('.')[0] ?? '';
const permissionsOf = (audience: string) => ['read', 'write'].map((verb) => ({ name: `${prefixOf(audience)}:entry:${verb}` }));
const everything = (audience: string): readonly string[] => [`${prefixOf(audience)}:**`];
const readable = (audience: string): readonly string[] => [`${prefixOf(audience)}:entry:read`];
const target = (audience: string, from: readonly string[], more: object = {}) => ({
  audience,
  scopes: everything(audience),
  delegationCeiling: readable(audience),
  hops: from.map((each) => ({ from: each, ceiling: everything(audience) })),
  ...more,
});
const asApi = { audiences: [DEV_API_CLIENT_ID, `api://${DEV_API_CLIENT_ID}`].map((id) => ({ issuer: 'devkit', id })) };

/** Billing calls the ledger, the ledger the archive, the archive the vault; a batch service acts by an actor token or takes a place. */
export function threeServices({ secret, identityProvider }: TestService): Readonly<Record<string, unknown>> {
  const digest = createHash('sha256').update(secret).digest('hex');
  // What is referred to has to be in the same file.
  const { issuers, applications, policies } = sampleDocument(identityProvider.cloud, digest);
  const [policy] = policies as readonly [{ readonly roles: object }];
  const clients = [
    { clientId: 'billing-api', serves: [SAMPLE_AUDIENCE], targets: [target(LEDGER, [SAMPLE_AUDIENCE])] },
    { clientId: 'ledger-api', serves: [LEDGER], targets: [target(ARCHIVE, [LEDGER]), target(LEDGER, [])] },
    { clientId: 'archive-api', serves: [ARCHIVE], targets: [target(VAULT, [ARCHIVE]), target(LEDGER, [ARCHIVE])] },
    {
      clientId: 'batch',
      presents: { ...asApi, own: [{ issuer: 'devkit', id: DEV_SVC_BILLING_CLIENT_ID }] },
      targets: [target(LEDGER, [], { impersonation: everything(LEDGER) }), target(ARCHIVE, [])],
    },
  ];
  return {
    apiVersion: 'countersign/v1',
    issuers,
    applications: [
      ...(applications as readonly object[]),
      ...[LEDGER, ARCHIVE, VAULT].map((audience) => ({
        audience,
        prefix: prefixOf(audience),
        permissions: permissionsOf(audience),
      })),
    ],
    policies: [{ ...policy, roles: { ...policy.roles, books: { grants: [LEDGER, ARCHIVE, VAULT].flatMap(everything) } } }],
    assignments: [{ tenant: 'acme', principal: 'subject:alice', role: 'books' }],
    clients: clients.map((client) => ({ ...client, secretSha256: [digest] })),
  };
}

export interface Asking {
  readonly audience: string;
  readonly scope?: string;
  readonly actorToken?: string;
  readonly impersonation?: boolean;
}

/** Claims of the token and the token itself, or the code of the refusal. */
export type Answer = { readonly token: string; readonly claims: Readonly<Record<string, unknown>> } | { readonly code: string };
export type Exchange = (client: string, subjectToken: string, asking: Asking) => Promise<Answer>;

/** The same exchange over either transport. */
export function exchangesOver(service: TestService): Readonly<Record<'REST' | 'gRPC', Exchange>> {
  return {
    REST: async (client, subjectToken, { audience, scope, actorToken, impersonation }) => {
      const form = exchangeForm(subjectToken, {
        audience,
        ...(scope === undefined ? {} : { scope }),
        ...(actorToken === undefined ? {} : { actor_token: actorToken, actor_token_type: JWT_TYPE }),
        ...(impersonation === undefined ? {} : { impersonation: String(impersonation) }),
      });
      const { body } = await post(service.host, form, { authorization: basic(client, service.secret) });
      return answerOf(body['access_token'], body['code']);
    },
    gRPC: async (client, subjectToken, { audience, scope = '', actorToken = '', impersonation = false }) => {
      const { response, failure } = await call(service.host, basic(client, service.secret), {
        subjectToken,
        subjectTokenType: JWT_TYPE,
        audience: [audience],
        scope,
        actorToken,
        actorTokenType: actorToken === '' ? '' : JWT_TYPE,
        impersonation,
      });
      return answerOf(response?.accessToken, failure?.reason);
    },
  };
}

function answerOf(token: string | number | undefined, code: string | number | undefined): Answer {
  return typeof token === 'string' ? { token, claims: decodeJwt(token) } : { code: String(code) };
}
