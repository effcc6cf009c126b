import { sampleDocument, SAMPLE_AUDIENCE } from '#devkit/demonstration/sample-document.js';
import { DEV_API_CLIENT_ID } from '#devkit/entra-issuer/personas.js';

export const ORDERS_AUDIENCE = 'https://orders.acme.example';
export const BILLING_AUDIENCE = SAMPLE_AUDIENCE;
export const FRONT_CLIENT_ID = 'acme-front-api';
export const ORDERS_CLIENT_ID = 'acme-orders';
/** The proxy of the example behind nginx, which asks whether a request may go on. */
export const EDGE_CLIENT_ID = 'acme-edge';

type Document = Readonly<Record<string, unknown>>;

/**
 * What the three services need beside the sample company: who may hand in which token, for which service, and how far that goes.
 *
 * @param cloud of the stand-in identity provider
 * @param secretSha256 digest of the secret that both clients use
 */
export function registrations(cloud: Parameters<typeof sampleDocument>[0], secretSha256: string): Document {
  // What is referred to has to be in the same file.
  const { issuers, applications, policies } = sampleDocument(cloud, secretSha256);
  const audiences = [DEV_API_CLIENT_ID, `api://${DEV_API_CLIENT_ID}`].map((id) => ({ issuer: 'devkit', id }));
  const [policy] = policies as readonly [{ readonly roles: object }];
  return {
    apiVersion: 'countersign/v1',
    issuers,
    applications: [
      ...(applications as readonly object[]),
      {
        audience: ORDERS_AUDIENCE,
        prefix: 'orders',
        permissions: [{ name: 'orders:order:read' }, { name: 'orders:order:cancel' }],
      },
    ],
    policies: [
      {
        ...policy,
        roles: { ...policy.roles, buyer: { grants: ['orders:order:*'] } },
        // Which permission a request needs at the edge. What no route names is for nobody.
        routes: [
          { match: 'GET /orders/{id}', application: ORDERS_AUDIENCE, permission: 'orders:order:read' },
          { match: 'DELETE /orders/{id}', application: ORDERS_AUDIENCE, permission: 'orders:order:cancel' },
        ],
      },
    ],
    assignments: ['alice', 'bob'].map((key) => ({ tenant: 'acme', principal: `subject:${key}`, role: 'buyer' })),
    clients: [
      {
        clientId: FRONT_CLIENT_ID,
        secretSha256: [secretSha256],
        // The identity provider's tokens that people call the front with are for its API.
        presents: { audiences },
        targets: [{ audience: ORDERS_AUDIENCE, scopes: ['orders:**'], delegationCeiling: ['orders:order:read'] }],
      },
      {
        clientId: ORDERS_CLIENT_ID,
        secretSha256: [secretSha256],
        serves: [ORDERS_AUDIENCE],
        targets: [
          {
            audience: BILLING_AUDIENCE,
            scopes: ['billing:**'],
            delegationCeiling: ['billing:invoice:read'],
            // Tokens for orders, and no others, may be passed on to billing.
            hops: [{ from: ORDERS_AUDIENCE, ceiling: ['billing:invoice:read'] }],
          },
        ],
      },
      { clientId: EDGE_CLIENT_ID, secretSha256: [secretSha256], presents: { audiences }, checks: [ORDERS_AUDIENCE] },
    ],
  };
}
