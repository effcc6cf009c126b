/** The parts of one exchange, wired as the service wires them, on the embedded database: no ports, no other processes. */
import { randomUUID } from 'node:crypto';
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { NestFactory } from '@nestjs/core';
import { FACT_ACCESS, type FactAccess } from '#accessors/facts/contract.js';
import { POLICY_ACCESS, type PolicyAccess } from '#accessors/policy/contract.js';
import { REGISTRATION_ACCESS, type RegistrationAccess } from '#accessors/registration/contract.js';
import { AppModule } from '#clients/app.module.js';
import { makeClientSecret } from '#clients/cli/secret.commands.js';
import { openFoundations } from '#clients/foundations.js';
import { createKeyEncryptionKeyFile } from '#clients/operator-tools.js';
import { EntraDevIssuer } from '#devkit/entra-issuer/entra-dev-issuer.js';
import { PERMISSION_ENGINE, type PermissionEngine } from '#engines/permission/contract.js';
import { SIGNING_ENGINE, type SigningEngine } from '#engines/signing/contract.js';
import { TOKEN_VALIDATION_ENGINE, type TokenValidationEngine } from '#engines/token-validation/contract.js';
import { ADMINISTRATION_MANAGER, type AdministrationManager } from '#managers/administration/contract.js';
import { KEYRING_MANAGER, type KeyringManager } from '#managers/keyring/contract.js';
import type { CallContext } from '#utilities/call-context/contract.js';
import { SystemClock } from '#utilities/clock/system.clock.js';
import type { CleanUp } from '../processes/clean-up.js';
import { serviceSettings } from '../service.settings.js';
import { directoryId, populationDocument } from './population.js';
import { loadSubjects } from './subject-tokens.js';

export interface ServiceParts {
  readonly context: CallContext;
  readonly clientSecret: string;
  readonly subjectTokens: readonly string[];
  readonly tokenValidationEngine: TokenValidationEngine;
  readonly permissionEngine: PermissionEngine;
  readonly signingEngine: SigningEngine;
  readonly registrationAccess: RegistrationAccess;
  readonly policyAccess: PolicyAccess;
  readonly factAccess: FactAccess;
}

const anywhere = { strict: false };

/** Enough for the parts: what they cost does not grow with the number of subjects. */
const registered = 64;

export async function assembleParts(cleanUp: CleanUp): Promise<ServiceParts> {
  const folder = mkdtempSync(join(tmpdir(), 'countersign-parts-'));
  cleanUp.defer(() => rmSync(folder, { recursive: true, force: true }));
  const keyEncryptionKeyFile = join(folder, 'key-encryption-key');
  createKeyEncryptionKeyFile(keyEncryptionKeyFile);
  // No settings without a database; the embedded one takes its place below.
  const settings = serviceSettings({ databaseUrl: 'postgresql://none.invalid/none', keyEncryptionKeyFile, importFile: null });
  const foundations = await openFoundations(
    { ...settings, database: { kind: 'embedded', directory: null } },
    { migrate: true, unsafeRole: 'step-down' },
  );
  cleanUp.defer(() => foundations.close());
  const app = await NestFactory.createApplicationContext(AppModule.register(foundations), { logger: ['error'] });
  const context: CallContext = { diagnosticId: randomUUID(), transport: 'rest' };
  await app.get<KeyringManager>(KEYRING_MANAGER).prepare(context);
  const issuer = new EntraDevIssuer({ clock: new SystemClock(), directoryIds: [directoryId] });
  await issuer.start();
  cleanUp.defer(() => issuer.stop());
  const { secret, sha256 } = makeClientSecret();
  await app
    .get<AdministrationManager>(ADMINISTRATION_MANAGER)
    .importDocument(context, populationDocument(issuer.cloud, sha256, registered));
  return {
    context,
    clientSecret: secret,
    subjectTokens: loadSubjects(issuer, { tokens: registered, subjects: registered }).map(({ token }) => token),
    tokenValidationEngine: app.get<TokenValidationEngine>(TOKEN_VALIDATION_ENGINE, anywhere),
    permissionEngine: app.get<PermissionEngine>(PERMISSION_ENGINE, anywhere),
    signingEngine: app.get<SigningEngine>(SIGNING_ENGINE, anywhere),
    registrationAccess: app.get<RegistrationAccess>(REGISTRATION_ACCESS, anywhere),
    policyAccess: app.get<PolicyAccess>(POLICY_ACCESS, anywhere),
    factAccess: app.get<FactAccess>(FACT_ACCESS, anywhere),
  };
}
