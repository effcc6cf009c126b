import { createHash } from 'node:crypto';
import type { ChangeTrail } from '#accessors/audit/contract.js';
import type { FactAccess } from '#accessors/facts/contract.js';
import type { IssuerAccess } from '#accessors/issuer/contract.js';
import type { PolicyAccess } from '#accessors/policy/contract.js';
import type { Application, RegistrationAccess } from '#accessors/registration/contract.js';
import type { PermissionEngine } from '#engines/permission/contract.js';
import type { PolicyLanguage } from '#engines/permission/policy-language.contract.js';
import type { CallerProofs } from '#engines/token-validation/caller-proofs.contract.js';
import type { CallContext } from '#utilities/call-context/contract.js';
import type { UnitOfWork } from '#utilities/database/contract.js';
import { clientFaults, clientWarnings } from './client-rules.js';
import type { AdministrationManager, ImportReport } from './contract.js';
import { appointFirstOperator } from './first-operator.js';
import { importError } from './import-faults.js';
import { importPlan, type ImportPlan } from './import-plan.js';
import { readPolicies, type ImportedPolicy } from './import-policies.js';
import { readImport, type ReadImport } from './import-reading.js';
import { ImportReferences } from './import-references.js';
import { repeatFaults } from './import-repeats.js';
import { ruleFaults } from './import-rules.js';
import { ImportTally } from './import-tally.js';

export interface AdministrationDeps {
  readonly registrationAccess: RegistrationAccess;
  readonly factAccess: FactAccess;
  readonly policyAccess: PolicyAccess;
  readonly issuerAccess: IssuerAccess;
  readonly permissionEngine: PermissionEngine;
  readonly policyLanguage: PolicyLanguage;
  readonly callerProofs: Pick<CallerProofs, 'problemOfKey'>;
  readonly changeTrail: Pick<ChangeTrail, 'recordWithin'>;
  readonly unitOfWork: UnitOfWork;
}

export class DefaultAdministrationManager implements AdministrationManager {
  constructor(private readonly deps: AdministrationDeps) {}

  async importDocument(context: CallContext, document: unknown): Promise<ImportReport> {
    const read = readImport(document);
    const policies = await this.faultlessPolicies(context, read);
    const plan = importPlan(read.sections, policies);
    const report = await this.deps.unitOfWork.run(async () => {
      const done = await this.carryOut(context, plan);
      await this.deps.changeTrail.recordWithin(context, { outcome: 'changed', what: 'import', detail: detailOf(plan, done) });
      return done;
    });
    await this.deps.factAccess.announceChanges(context);
    return report;
  }

  async appointFirstOperator(context: CallContext, document: unknown): Promise<boolean> {
    const appointed = await this.deps.unitOfWork.run(async () => {
      const now = await appointFirstOperator(this.deps, context, document);
      const detail = `sha256 ${createHash('sha256').update(JSON.stringify(document)).digest('hex')}`;
      if (now) await this.deps.changeTrail.recordWithin(context, { outcome: 'changed', what: 'first_operator', detail });
      return now;
    });
    await this.deps.factAccess.announceChanges(context);
    return appointed;
  }

  /** Checks the whole document; what is returned are its policies. */
  private async faultlessPolicies(context: CallContext, read: ReadImport): Promise<readonly ImportedPolicy[]> {
    const { permissionEngine, policyLanguage } = this.deps;
    const { policies, faults } = readPolicies(read, policyLanguage);
    const stored = await this.storedApplications(context, read);
    const references = new ImportReferences(read, { permissionEngine, policyLanguage, policies, stored });
    const problemOfKey = (jwk: Readonly<Record<string, unknown>>): string | null => this.deps.callerProofs.problemOfKey(jwk);
    const clients = read.sections.clients.flatMap(({ path, item }) => clientFaults(path, item, problemOfKey));
    const all = [
      ...read.faults,
      ...faults,
      ...ruleFaults(read.sections),
      ...clients,
      ...repeatFaults(read.sections),
      ...references.faults(),
    ];
    if (all.length > 0) throw importError(all);
    return policies;
  }

  /** Applications whose permissions policies and clients of the file may name although the file does not hold them. */
  private async storedApplications(context: CallContext, { sections }: ReadImport): Promise<readonly Application[]> {
    if (sections.policies.length === 0 && sections.clients.length === 0) return [];
    return this.deps.registrationAccess.applications(context);
  }

  /** In the order in which one kind refers to another. */
  private async carryOut(context: CallContext, plan: ImportPlan): Promise<ImportReport> {
    const { registrationAccess, factAccess, policyAccess, issuerAccess } = this.deps;
    const tally = new ImportTally();
    for (const tenant of plan.tenants) tally.add('tenants', (await factAccess.registerTenant(context, tenant)).outcome);
    for (const application of plan.applications)
      tally.add('applications', await registrationAccess.registerApplication(context, application));
    for (const issuer of plan.issuers) tally.add('issuers', await issuerAccess.registerIssuer(context, issuer));
    for (const policy of plan.policies) tally.add('policies', await policyAccess.activate(context, policy));
    for (const client of plan.clients) tally.add('clients', await registrationAccess.registerClient(context, client));
    for (const group of plan.groups) tally.add('groups', await factAccess.registerGroup(context, group));
    if (plan.subjects.length > 0) tally.addAll('subjects', await factAccess.registerSubjects(context, plan.subjects));
    if (plan.assignments.length > 0) tally.addAll('assignments', await factAccess.assignRoles(context, plan.assignments));
    return { counts: tally.counts, warnings: plan.clients.flatMap(warningsOf) };
  }
}

/** Of secrets nothing is known here. */
function warningsOf(client: ImportPlan['clients'][number]): readonly string[] {
  return clientWarnings(client, null, 0).map((warning) => `client ${client.clientId}: ${warning}`);
}

/** Which document it was, and what it did; the digest is over the document as it was understood, with defaults applied. */
function detailOf(plan: ImportPlan, { counts }: ImportReport): string {
  const sha256 = createHash('sha256').update(JSON.stringify(plan)).digest('hex');
  const parts = Object.entries(counts)
    .filter(([, { created, updated, unchanged }]) => created + updated + unchanged > 0)
    .map(([kind, { created, updated, unchanged }]) => `${kind} ${created} created ${updated} updated ${unchanged} unchanged`);
  return [`sha256 ${sha256}`, ...parts].join('; ');
}
