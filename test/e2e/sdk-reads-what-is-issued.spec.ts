import { afterEach, beforeEach, describe, expect, it } from '@jest/globals';
import type { ActiveKey, KeyAccess, SigningAlgorithm } from '#accessors/key/contract.js';
import type { CutoffDocument, MintRequest } from '#engines/signing/contract.js';
import { DefaultSigningEngine } from '#engines/signing/default.signing.engine.js';
import {
  AUDIENCE,
  makeKey,
  ManualRuntime,
  signatureOf,
  StandInIssuer,
  START_SECONDS,
} from '#clients/sdk/fixtures/stand-in.issuer.js';
import { createVerifier, type Verifier } from '#clients/sdk/verifier.js';

const ALGORITHMS = ['ES256', 'Ed25519', 'PS256', 'RS256'] as const;
const KEYS = new Map(ALGORITHMS.map((algorithm) => [algorithm, makeKey(`kid-${algorithm}`, algorithm)]));
const context = { diagnosticId: '7b0a7bb4-3bb6-4a0c-9e0e-5b0f8d2f4a11', transport: 'rest' } as const;
const IDENTITY = { instance: 'i', externalId: 'e' };

/** As much of the keyring as signing needs. */
const keyAccess = {
  activeKey: (_context: unknown, algorithm: SigningAlgorithm): ActiveKey => ({ kid: `kid-${algorithm}`, algorithm }),
  signWith: (_context: unknown, { algorithm }: ActiveKey, input: string) =>
    signatureOf(KEYS.get(algorithm)!, Buffer.from(input)).toString('base64url'),
  keyedDigest: () => 'digest',
  seal: () => 'sealed',
} as unknown as KeyAccess;

const request = (algorithm: SigningAlgorithm, more: Partial<MintRequest> = {}): MintRequest => ({
  kind: 'user',
  identity: IDENTITY,
  clientId: 'orders-api',
  actorClientId: 'gateway',
  algorithm,
  audience: AUDIENCE,
  tenant: 'acme',
  permissions: ['billing:invoice:read'],
  scope: 'billing:invoice:read',
  details: [{ type: 'billing_resource', actions: ['read'], identifier: 'inv-9' }],
  conditionalCount: 1,
  reference: {
    identity: IDENTITY,
    issuer: 'contoso',
    iss: 'https://contoso.test',
    roles: [],
    groups: null,
    conditionalBits: [3],
  },
  acr: 'c2',
  amr: ['mfa'],
  authTime: START_SECONDS - 100,
  policyVersion: 'main@1',
  epoch: 7,
  lifetimeSeconds: 600,
  notAfter: Number.MAX_SAFE_INTEGER,
  ...more,
});

describe('What the service writes', () => {
  let issuer: StandInIssuer;
  let engine: DefaultSigningEngine;
  let verifier: Verifier;

  const tell = async (revoked: Partial<CutoffDocument['revoked']> = {}, keys: Partial<CutoffDocument> = {}) => {
    const none = { tokens: [], subjects: [], clients: [], tenants: [] };
    const frame = { algorithm: 'ES256', sequence: 7, sequences: { keys: 3, revocations: 4 }, lifetimeSeconds: 3_600 } as const;
    const stopped = { revokedKeys: [], taintedKeys: [] };
    issuer.cutoffs = await engine.signCutoffs(context, { ...frame, ...stopped, revoked: { ...none, ...revoked }, ...keys });
  };
  const isRefused = (token: string, reason: string) =>
    expect(verifier.verify(token)).rejects.toEqual(expect.objectContaining({ reason }));

  beforeEach(async () => {
    const runtime = new ManualRuntime();
    issuer = await new StandInIssuer().open();
    issuer.keys = [...KEYS.values()].map(({ jwk }) => jwk);
    const ids = { random: () => 'token-1', ordered: () => 'row-1' };
    engine = new DefaultSigningEngine({
      keyAccess,
      clock: runtime.clock,
      ids,
      issuer: issuer.issuer,
      defaultLifetimeSeconds: 600,
    });
    verifier = createVerifier({ issuer: issuer.issuer, audience: AUDIENCE }, runtime);
    await tell();
  });

  afterEach(async () => {
    verifier.close();
    await issuer.close();
  });

  it.each(ALGORITHMS)('is taken, signed with %s', async (algorithm) => {
    const { token, subject, actor } = await engine.mint(context, request(algorithm));
    await expect(verifier.verify(token)).resolves.toMatchObject({
      tokenId: 'token-1',
      subject,
      act: { sub: actor },
      permissions: ['billing:invoice:read'],
      authorizationDetails: [{ type: 'billing_resource', actions: ['read'], identifier: 'inv-9' }],
      conditionalCount: 1,
      expiresAt: START_SECONDS + 600,
    });
  });

  it('is told apart where it is too large to name its permissions', async () => {
    const permissions = Array.from({ length: 600 }, (_, n) => `billing:resource-number-${n}:read`);
    const { token } = await engine.mint(context, request('ES256', { permissions, permissionBits: () => [1], details: [] }));
    await expect(verifier.verify(token)).resolves.toMatchObject({ permissionsByReference: true, permissions: [] });
  });

  it('is refused bound, and as an impersonation is told so', async () => {
    const bound = await engine.mint(context, request('ES256', { confirmation: { jkt: 'thumb' } }));
    await isRefused(bound.token, 'BINDING_NOT_SHOWN');
    const other = await engine.mint(context, request('ES256', { actorClientId: null, impersonated: true }));
    await expect(verifier.verify(other.token)).resolves.toMatchObject({ impersonated: true, act: null });
  });

  it.each<[string, (subject: string) => Partial<CutoffDocument['revoked']>]>([
    ['token', () => ({ tokens: ['token-1'] })],
    ['subject', (subject) => ({ subjects: [{ tenant: 'acme', subject, before: START_SECONDS + 1 }] })],
    ['client', () => ({ clients: [{ clientId: 'orders-api', before: START_SECONDS + 1 }] })],
    ['tenant', () => ({ tenants: [{ tenant: 'acme', before: START_SECONDS + 1 }] })],
  ])('about a revoked %s is heeded', async (_what, revoked) => {
    const { token, subject } = await engine.mint(context, request('ES256'));
    await tell(revoked(subject));
    await isRefused(token, 'TOKEN_REVOKED');
  });

  it('about a revoked key is heeded', async () => {
    await tell({}, { revokedKeys: [{ kid: 'kid-RS256', revokedAt: START_SECONDS * 1_000 }] });
    await isRefused((await engine.mint(context, request('RS256'))).token, 'TOKEN_KEY_REVOKED');
    await verifier.verify((await engine.mint(context, request('ES256'))).token);
  });
});
