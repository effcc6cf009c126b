/** All that a run stands on: database, identity provider, population, keys, and the files that the processes read. */
import type { JsonWebKey } from 'node:crypto';
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { createKeyEncryptionKeyFile } from '#clients/operator-tools.js';
import { makeClientSecret } from '#clients/cli/secret.commands.js';
import { EntraDevIssuer } from '#devkit/entra-issuer/entra-dev-issuer.js';
import { SystemClock } from '#utilities/clock/system.clock.js';
import type { FloorTask } from '../floors/floor.task.js';
import type { LoadSubjects } from '../load/load.contract.js';
import type { CleanUp } from '../processes/clean-up.js';
import type { ServiceTask } from '../service.settings.js';
import type { BenchDatabase } from './bench.database.js';
import { benchAudience, benchClientId, directoryId, populationDocument } from './population.js';
import { loadSubjects, refusedTokens } from './subject-tokens.js';

export interface BenchWorld {
  /** For files of one run; removed at its end. */
  readonly folder: string;
  readonly subjectsFile: string;
  readonly importFile: string;
  readonly profileFolder: string;
  readonly service: ServiceTask;
  readonly floor: FloorTask;
  readonly subjects: LoadSubjects;
}

export async function prepareWorld(database: BenchDatabase, cleanUp: CleanUp): Promise<BenchWorld> {
  const folder = mkdtempSync(join(tmpdir(), 'countersign-bench-'));
  cleanUp.defer(() => rmSync(folder, { recursive: true, force: true }));
  const issuer = new EntraDevIssuer({ clock: new SystemClock(), directoryIds: [directoryId] });
  const { url } = await issuer.start();
  cleanUp.defer(() => issuer.stop());
  const { secret, sha256 } = makeClientSecret();
  const subjects: LoadSubjects = {
    subjects: loadSubjects(issuer),
    clientId: benchClientId,
    clientSecret: secret,
    audience: benchAudience,
    refused: refusedTokens(issuer),
  };
  const files = {
    subjectsFile: join(folder, 'subjects.json'),
    importFile: join(folder, 'import.json'),
    keyFile: join(folder, 'key-encryption-key'),
  };
  writeFileSync(files.subjectsFile, JSON.stringify(subjects), { mode: 0o600 });
  writeFileSync(files.importFile, JSON.stringify(populationDocument(issuer.cloud, sha256)));
  createKeyEncryptionKeyFile(files.keyFile);
  return {
    ...files,
    folder,
    profileFolder: process.cwd(),
    service: { databaseUrl: database.url, keyEncryptionKeyFile: files.keyFile, importFile: null },
    floor: {
      issuer: 'https://floor.bench.example',
      audience: benchAudience,
      subjectJwk: await publishedKey(url, issuer.signingKid),
      subjectHeader: subjects.subjects[0]?.token.split('.')[0] ?? '',
    },
    subjects,
  };
}

async function publishedKey(issuerUrl: string, kid: string): Promise<JsonWebKey> {
  const response = await fetch(`${issuerUrl}/${directoryId}/discovery/v2.0/keys`);
  const { keys } = (await response.json()) as { keys: (JsonWebKey & { kid: string })[] };
  const key = keys.find((candidate) => candidate.kid === kid);
  if (key === undefined) throw new Error('the stand-in issuer does not publish its signing key');
  return { kty: key.kty, n: key.n, e: key.e } as JsonWebKey;
}
