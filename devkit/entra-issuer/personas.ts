/** Synthetic people and workloads. Every id is made up; none belongs to a real directory. */

export const DEV_DIRECTORY_ID = '1f0c2a4e-6b7d-4c3a-9e5f-0a1b2c3d4e5f';
/** The API that tokens are meant for: its client id in v2 tokens, `api://` before it in v1 tokens. */
export const DEV_API_CLIENT_ID = '6e74172b-be56-4843-9ff4-e66a39bb12e3';
/** A front end, a public client, that people sign in to. */
export const DEV_SPA_CLIENT_ID = '2c4e6f80-1a2b-4c3d-8e9f-a0b1c2d3e4f5';
/** The background service that signs in as itself. */
export const DEV_SVC_BILLING_CLIENT_ID = '77bb1d5a-3c0e-4f6a-9b2d-51c8e0f7a493';
/** A group that policies of the demonstration map; nobody's token lists it. */
export const DEV_APPROVERS_GROUP_ID = '0c5dd6a6-6a3b-4b56-9d0c-3a8f1f0e7a11';

const HOME_DIRECTORY_OF_GUESTS = '83c5f1d2-9a4b-4e7c-8d60-2b1f3e5a7c94';

export type PersonaName = 'alice' | 'bob' | 'carol' | 'svc-billing';

export interface UserPersona {
  readonly kind: 'user';
  readonly name: PersonaName;
  readonly objectId: string;
  readonly givenName: string;
  readonly familyName: string;
  readonly userName: string;
  readonly scopes: string;
  /** Home directory of a guest. */
  readonly guestOf: string | null;
  /** In more groups than a token holds. */
  readonly groupOverage: boolean;
}

export interface AppPersona {
  readonly kind: 'app';
  readonly name: PersonaName;
  readonly objectId: string;
  readonly clientId: string;
  readonly roles: readonly string[];
}

export type Persona = UserPersona | AppPersona;

const PERSONAS: readonly Persona[] = [
  {
    kind: 'user',
    name: 'alice',
    objectId: '9b1d40c7-52e8-4f0a-b3c6-7d2e9a1f8c35',
    givenName: 'Alice',
    familyName: 'Ng',
    userName: 'alice@contoso.example',
    scopes: 'access_as_user Orders.Read',
    guestOf: null,
    groupOverage: false,
  },
  {
    kind: 'user',
    name: 'bob',
    objectId: 'e2f0a6b8-1c7d-4935-8e4a-60d5b9c3f217',
    givenName: 'Bob',
    familyName: 'Partner',
    userName: 'bob@partner.example',
    scopes: 'access_as_user',
    guestOf: HOME_DIRECTORY_OF_GUESTS,
    groupOverage: false,
  },
  {
    kind: 'user',
    name: 'carol',
    objectId: '4d8a7c21-f36e-4b90-a5d1-c8e07b2f6943',
    givenName: 'Carol',
    familyName: 'Many',
    userName: 'carol@contoso.example',
    scopes: 'access_as_user Orders.Read',
    guestOf: null,
    groupOverage: true,
  },
  {
    kind: 'app',
    name: 'svc-billing',
    objectId: '55aa9e13-8b4f-4c72-9d06-e1f3a7b5c280',
    clientId: DEV_SVC_BILLING_CLIENT_ID,
    roles: ['Billing.Process'],
  },
];

export const PERSONA_NAMES: readonly PersonaName[] = PERSONAS.map(({ name }) => name);

/** @throws Error when there is no such persona: a mistake in the caller */
export function personaNamed(name: string): Persona {
  const persona = PERSONAS.find((candidate) => candidate.name === name);
  if (persona === undefined) throw new Error(`there is no persona ${name}; there are ${PERSONA_NAMES.join(', ')}`);
  return persona;
}
