import type { EntraCloud } from '#accessors/issuer/contract.js';
import {
  DEV_API_CLIENT_ID,
  DEV_APPROVERS_GROUP_ID,
  DEV_DIRECTORY_ID,
  DEV_SPA_CLIENT_ID,
  personaNamed,
} from '../entra-issuer/personas.js';

export const SAMPLE_AUDIENCE = 'https://billing.acme.example';
/** A front end that exchanges tokens which were issued to itself: the *own* case. */
export const PORTAL_CLIENT_ID = 'acme-portal';
/** An API that exchanges tokens it was called with: the *on behalf of* case. */
export const ORDERS_CLIENT_ID = 'acme-orders-api';

const PEOPLE = ['alice', 'bob', 'carol'];
const API_AUDIENCES = [DEV_API_CLIENT_ID, `api://${DEV_API_CLIENT_ID}`];

const APPLICATION = {
  audience: SAMPLE_AUDIENCE,
  prefix: 'billing',
  permissions: [
    { name: 'billing:invoice:read', description: 'See invoices' },
    { name: 'billing:invoice:create', description: 'Write an invoice' },
    { name: 'billing:invoice:approve', description: 'Release an invoice for payment' },
    { name: 'billing:report:read', description: 'See reports' },
  ],
};

const POLICY = {
  tenant: 'acme',
  name: 'main',
  roles: {
    viewer: { grants: ['billing:*:read'] },
    clerk: { inherits: ['viewer'], grants: ['billing:invoice:*'], exclude: ['billing:invoice:approve'] },
    approver: { inherits: ['clerk'], grants: ['billing:invoice:approve'] },
  },
  mappings: [
    { issuer: 'devkit', claim: 'roles', equals: 'Billing.Process', role: 'clerk' },
    { issuer: 'devkit', claim: 'groups', equals: DEV_APPROVERS_GROUP_ID, role: 'approver' },
  ],
};

const CLIENTS = [
  {
    clientId: PORTAL_CLIENT_ID,
    presents: { own: [{ issuer: 'devkit', id: DEV_SPA_CLIENT_ID }] },
    targets: [{ audience: SAMPLE_AUDIENCE, scopes: ['billing:**'] }],
  },
  {
    clientId: ORDERS_CLIENT_ID,
    presents: { audiences: API_AUDIENCES.map((id) => ({ issuer: 'devkit', id })) },
    targets: [{ audience: SAMPLE_AUDIENCE, scopes: ['billing:**'], delegationCeiling: ['billing:invoice:read'] }],
  },
];

/**
 * A small company to try things on: one tenant, one application, the stand-in identity provider, two clients and a few people.
 *
 * @param secretSha256 digest of the secret that both clients use
 */
export function sampleDocument(cloud: EntraCloud, secretSha256: string): Readonly<Record<string, unknown>> {
  return {
    apiVersion: 'countersign/v1',
    tenants: [{ slug: 'acme' }],
    applications: [APPLICATION],
    issuers: [
      {
        name: 'devkit',
        provider: 'entra-id',
        cloud,
        directories: [{ id: DEV_DIRECTORY_ID, tenant: 'acme' }],
        audiences: API_AUDIENCES,
      },
    ],
    policies: [POLICY],
    clients: CLIENTS.map((client) => ({ ...client, secretSha256: [secretSha256] })),
    subjects: PEOPLE.map((key) => ({
      tenant: 'acme',
      key,
      kind: 'user',
      identities: [{ issuer: 'devkit', directory: DEV_DIRECTORY_ID, id: personaNamed(key).objectId }],
    })),
    assignments: [
      { tenant: 'acme', principal: 'subject:alice', role: 'clerk' },
      { tenant: 'acme', principal: 'subject:bob', role: 'viewer' },
    ],
  };
}
