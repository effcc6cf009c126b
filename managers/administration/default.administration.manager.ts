import { createHash } from 'node:crypto';
import type { ChangeTrail } from '#accessors/audit/contract.js';
import type { FactAccess } from '#accessors/facts/contract.js';
import type { IssuerAccess } from '#accessors/issuer/contract.js';
import type { PolicyAccess } from '#accessors/policy/contract.js';
import type { RegistrationAccess } from '#accessors/registration/contract.js';
import type { PermissionEngine } from '#engines/permission/contract.js';
import type { CallContext } from '#utilities/call-context/contract.js';
import type { UnitOfWork } from '#utilities/database/contract.js';
import type { AdministrationManager, ImportReport } from './contract.js';
import { appointFirstOperator } from './first-operator.js';
import { importError } from './import-faults.js';
import { importPlan, type ImportPlan } from './import-plan.js';
import { readImport, type ReadImport } from './import-reading.js';
import { ImportReferences, type StoredCatalogues } from './import-references.js';
import { repeatFaults } from './import-repeats.js';
import { ruleFaults } from './import-rules.js';
import { ImportTally } from './import-tally.js';

export interface AdministrationDeps {
  readonly registrationAccess: RegistrationAccess;
  readonly factAccess: FactAccess;
  readonly policyAccess: PolicyAccess;
  readonly issuerAccess: IssuerAccess;
  readonly permissionEngine: PermissionEngine;
  readonly changeTrail: Pick<ChangeTrail, 'recordWithin'>;
  readonly unitOfWork: UnitOfWork;
}

export class DefaultAdministrationManager implements AdministrationManager {
  constructor(private readonly deps: AdministrationDeps) {}

  async importDocument(context: CallContext, document: unknown): Promise<ImportReport> {
    const read = readImport(document);
    await this.refuseFaulty(context, read);
    const plan = importPlan(read.sections);
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

  private async refuseFaulty(context: CallContext, read: ReadImport): Promise<void> {
    const stored = await this.storedCatalogues(context, read);
    const references = new ImportReferences(read, { permissionEngine: this.deps.permissionEngine, stored });
    const faults = [...read.faults, ...ruleFaults(read.sections), ...repeatFaults(read.sections), ...references.faults()];
    if (faults.length > 0) throw importError(faults);
  }

  /** Catalogues of the applications that clients of the file may call and that the file itself does not hold. */
  private async storedCatalogues(context: CallContext, { sections, declared }: ReadImport): Promise<StoredCatalogues> {
    const named = sections.clients.flatMap(({ item }) => item.targets.map(({ audience }) => audience));
    const catalogues = new Map<string, readonly string[]>();
    for (const audience of new Set(named)) {
      if (declared.applications.has(audience)) continue;
      const application = await this.deps.registrationAccess.applicationFor(context, audience);
      if (application === undefined) continue;
      catalogues.set(
        audience,
        application.permissions.map(({ name }) => name),
      );
    }
    return catalogues;
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
    return { counts: tally.counts };
  }
}

/** Which document it was, and what it did; the digest is over the document as it was understood, with defaults applied. */
function detailOf(plan: ImportPlan, { counts }: ImportReport): string {
  const sha256 = createHash('sha256').update(JSON.stringify(plan)).digest('hex');
  const parts = Object.entries(counts)
    .filter(([, { created, updated, unchanged }]) => created + updated + unchanged > 0)
    .map(([kind, { created, updated, unchanged }]) => `${kind} ${created} created ${updated} updated ${unchanged} unchanged`);
  return [`sha256 ${sha256}`, ...parts].join('; ');
}
