/** The signing engine with the local backend, wired as the service wires it, with a key of every algorithm. */
import { randomUUID } from 'node:crypto';
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { NestFactory } from '@nestjs/core';
import type { SigningAlgorithm } from '#accessors/key/contract.js';
import { openFoundations } from '#clients/foundations.js';
import { createKeyEncryptionKeyFile } from '#clients/operator-tools.js';
import { PluginsModule } from '#clients/plugins.module.js';
import { SIGNING_ENGINE, type MintRequest, type SigningEngine } from '#engines/signing/contract.js';
import { SigningModule } from '#engines/signing/signing.module.js';
import { KEYRING_MANAGER, type KeyringManager } from '#managers/keyring/contract.js';
import { KeyringModule } from '#managers/keyring/keyring.module.js';
import type { CallContext } from '#utilities/call-context/contract.js';
import type { CleanUp } from '../processes/clean-up.js';
import { serviceSettings } from '../service.settings.js';

export const signingAlgorithms: readonly SigningAlgorithm[] = ['ES256', 'Ed25519', 'RS256', 'PS256'];
export const signingAudience = 'https://api.bench.example/billing';

export interface SigningWorld {
  readonly engine: SigningEngine;
  readonly context: CallContext;
}

export async function openSigningWorld(cleanUp: CleanUp): Promise<SigningWorld> {
  const folder = mkdtempSync(join(tmpdir(), 'countersign-signing-'));
  cleanUp.defer(() => rmSync(folder, { recursive: true, force: true }));
  const keyEncryptionKeyFile = join(folder, 'key-encryption-key');
  createKeyEncryptionKeyFile(keyEncryptionKeyFile);
  const settings = serviceSettings({ databaseUrl: 'postgres://unused.example/none', keyEncryptionKeyFile, importFile: null });
  const keys = { ...settings.keys, algorithms: signingAlgorithms };
  const foundations = await openFoundations(
    { ...settings, keys, database: { kind: 'embedded', directory: null } },
    { migrate: true, unsafeRole: 'step-down' },
  );
  cleanUp.defer(() => foundations.close());
  const root = { module: KeyringModule, imports: [PluginsModule.register(foundations), SigningModule] };
  const app = await NestFactory.createApplicationContext(root, { logger: ['error'] });
  cleanUp.defer(() => app.close());
  const context: CallContext = { diagnosticId: randomUUID(), transport: 'rest' };
  await app.get<KeyringManager>(KEYRING_MANAGER, { strict: false }).prepare(context);
  return { engine: app.get<SigningEngine>(SIGNING_ENGINE, { strict: false }), context };
}

/** A token as most are. The permission list is frozen, as the one of a policy is. */
export function benchMintRequest(algorithm: SigningAlgorithm): MintRequest {
  const permissions = Object.freeze(Array.from({ length: 8 }, (_, index) => `billing:invoice${String(index)}:read`));
  const identity = { instance: 'entra:public:1f0c2a4e-6b7d-4c3a-9e5f-0a1b2c3d4e5f', externalId: randomUUID() };
  return {
    kind: 'user',
    identity,
    clientId: 'portal',
    actorClientId: null,
    audience: signingAudience,
    algorithm,
    tenant: 'acme',
    permissions,
    scope: 'billing:invoice0:read billing:invoice1:read',
    details: [],
    conditionalCount: 0,
    reference: { identity, issuer: 'contoso', iss: 'https://contoso.test', roles: [], groups: [], conditionalBits: [] },
    acr: null,
    amr: [],
    authTime: null,
    policyVersion: 'main@1',
    epoch: 1,
    lifetimeSeconds: null,
    notAfter: Number.MAX_SAFE_INTEGER,
  };
}
