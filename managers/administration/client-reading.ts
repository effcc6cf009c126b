import type { ClientRecord } from '#accessors/registration/client-registry.contract.js';
import type { Application, RegisteredClient } from '#accessors/registration/contract.js';
import type { PermissionEngine } from '#engines/permission/contract.js';
import type { PolicyLanguage } from '#engines/permission/policy-language.contract.js';
import type { CallerProofs } from '#engines/token-validation/caller-proofs.contract.js';
import { CodedError } from '#utilities/errors/coded-error.js';
import type { ClientDocument } from './client-document.js';
import { clientFaults } from './client-rules.js';
import { readImport } from './import-reading.js';
import { ImportReferences } from './import-references.js';
import { repeatFaults } from './import-repeats.js';

/** What a client may refer to, and what judges it. */
interface Surroundings {
  readonly permissionEngine: PermissionEngine;
  readonly policyLanguage: PolicyLanguage;
  readonly callerProofs: Pick<CallerProofs, 'problemOfKey'>;
  readonly applications: readonly Application[];
  /** Names of registered issuers. */
  readonly issuers: readonly string[];
}

/** One client in the form that the import file has. @throws CodedError `CLIENT_INVALID` with everything that is wrong */
export function readClient(document: unknown, around: Surroundings): ClientDocument {
  const read = readImport({ apiVersion: 'countersign/v1', clients: [document] });
  const [client] = read.sections.clients;
  const declared = { ...read.declared, issuers: new Set(around.issuers) };
  const references = new ImportReferences({ ...read, declared }, { ...around, policies: [], stored: around.applications });
  const rules =
    client === undefined ? [] : clientFaults(client.path, client.item, (jwk) => around.callerProofs.problemOfKey(jwk));
  const faults = [
    ...read.faults,
    ...rules,
    ...repeatFaults(read.sections),
    ...references.faults(),
    ...secretFaults(client?.item),
  ].map(({ path, message }) => {
    const member = path.replace(/^clients\[0\]\.?/, '');
    const said = message.replace(/ in this file; include it, also if it is registered already$/, '');
    return member === '' ? said : `${member}: ${said}`;
  });
  if (client === undefined || faults.length > 0) throw new CodedError('CLIENT_INVALID', { actual: faults.join('\n') });
  return client.item;
}

/** Secrets are made here, and come and go by themselves. */
function secretFaults(client: ClientDocument | undefined): readonly { readonly path: string; readonly message: string }[] {
  if (client?.secretSha256 === undefined) return [];
  return [{ path: 'secretSha256', message: 'secrets are added and removed by themselves; leave it out' }];
}

/** The client as it would be written, without secrets. */
export function documentOf({ client, status }: ClientRecord): Readonly<Record<string, unknown>> {
  const { ownPresenters: own, listedPresenters: listed, apiAudiences: audiences, ...members } = client;
  return { ...members, status, presents: { own, listed, audiences } };
}

const BY_SECRET: readonly string[] = ['client_secret_basic', 'client_secret_post'];
const NONE: readonly string[] = [];

export function methodsOf({ kind, authentication }: RegisteredClient): readonly string[] {
  return kind === 'public' ? NONE : (authentication?.methods ?? BY_SECRET);
}

export function takesSecrets(client: RegisteredClient): boolean {
  return methodsOf(client).some((method) => BY_SECRET.includes(method));
}
