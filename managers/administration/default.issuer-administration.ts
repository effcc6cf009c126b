import type { ChangeTrail } from '#accessors/audit/contract.js';
import type { FactAccess } from '#accessors/facts/contract.js';
import type { IssuerActivation, IssuerProbe, IssuerRegistration, IssuerRegistry } from '#accessors/issuer/contract.js';
import type { CallContext } from '#utilities/call-context/contract.js';
import type { UnitOfWork } from '#utilities/database/contract.js';
import { CodedError } from '#utilities/errors/coded-error.js';
import type { IssuerAdministration, IssuerDraft, IssuerOverview, IssuerReview, IssuerStatus } from './contract.js';
import { readIssuer } from './issuer-reading.js';
import { differences } from './issuer-differences.js';

export interface IssuerAdministrationDeps {
  readonly issuerRegistry: IssuerRegistry;
  readonly factAccess: Pick<FactAccess, 'announceChanges'>;
  readonly changeTrail: Pick<ChangeTrail, 'recordWithin'>;
  readonly unitOfWork: UnitOfWork;
}

/** Trust in identity providers, one change after the other, each with its record. */
export class DefaultIssuerAdministration implements IssuerAdministration {
  constructor(private readonly deps: IssuerAdministrationDeps) {}

  async draftIssuer(context: CallContext, document: unknown): Promise<IssuerDraft> {
    const registration = readIssuer(document);
    const probes = await this.deps.issuerRegistry.probeIssuer(context, registration);
    const { name, version, sha256 } = await this.deps.unitOfWork.run(async () => {
      const draft = await this.deps.issuerRegistry.draftIssuer(context, registration);
      await this.record(context, 'issuer_drafted', `${draft.name} version ${String(draft.version)} sha256 ${draft.sha256}`);
      return draft;
    });
    return { name, version, sha256, probes, warnings: probes.flatMap(warningsOf) };
  }

  issuers(context: CallContext): Promise<readonly IssuerOverview[]> {
    return this.deps.issuerRegistry.issuers(context);
  }

  async reviewIssuer(context: CallContext, name: string, version: number | null): Promise<IssuerReview> {
    const { versions, activations } = await this.deps.issuerRegistry.issuerHistory(context, name);
    const inForce = activations.at(-1) ?? null;
    const wanted = versions.find((each) => (version === null ? each === versions.at(-1) : each.version === version));
    if (wanted === undefined) throw new CodedError('ISSUER_UNKNOWN', { field: `issuers.${name}` });
    const active = versions.find((each) => each.version === inForce?.version);
    return {
      name,
      version: wanted.version,
      sha256: wanted.sha256,
      status: inForce?.status ?? 'draft',
      versionInForce: inForce?.version ?? null,
      registration: wanted.registration,
      differences: differences(active?.registration ?? {}, wanted.registration),
      versions: versions.map((each) => ({ version: each.version, sha256: each.sha256, createdAt: each.createdAt })),
      activations,
    };
  }

  async activateIssuer(
    context: CallContext,
    order: { readonly name: string; readonly version: number; readonly expected: number | null },
  ): Promise<IssuerActivation> {
    return this.recorded(context, order.name, () => this.deps.issuerRegistry.activateIssuer(context, order));
  }

  async switchIssuer(context: CallContext, name: string, status: 'active' | 'disabled'): Promise<IssuerActivation> {
    return this.recorded(context, name, () => this.deps.issuerRegistry.switchIssuer(context, name, status));
  }

  async issuerStatus(context: CallContext): Promise<readonly IssuerStatus[]> {
    const { issuerRegistry } = this.deps;
    const overviews = await issuerRegistry.issuers(context);
    return Promise.all(overviews.map(async (overview) => ({ ...overview, probes: await this.probesOf(context, overview) })));
  }

  /** Only what is in force is asked for: a draft is nobody's business yet, and what is disabled is left in peace. */
  private async probesOf(context: CallContext, { name, status, version }: IssuerOverview): Promise<readonly IssuerProbe[]> {
    if (status !== 'active') return [];
    const { versions } = await this.deps.issuerRegistry.issuerHistory(context, name);
    const registration: IssuerRegistration | undefined = versions.find((each) => each.version === version)?.registration;
    return registration === undefined ? [] : this.deps.issuerRegistry.probeIssuer(context, registration);
  }

  /** The change and its record commit together; then every process is told. */
  private async recorded(context: CallContext, name: string, change: () => Promise<IssuerActivation>): Promise<IssuerActivation> {
    const activation = await this.deps.unitOfWork.run(async () => {
      const { number, version, status, ...rest } = await change();
      await this.record(context, `issuer_${status}`, `${name} version ${String(version)} activation ${String(number)}`);
      return { number, version, status, ...rest };
    });
    await this.deps.factAccess.announceChanges(context);
    return activation;
  }

  private record(context: CallContext, what: string, detail: string): Promise<void> {
    return this.deps.changeTrail.recordWithin(context, { outcome: 'changed', what, detail });
  }
}

function warningsOf({ iss, metadataUrl, outcome, detail, jwksHost, keys, refusedKeys }: IssuerProbe): string[] {
  if (outcome !== 'ok') return [`${iss}: no keys (${outcome})${detail === null ? '' : `: ${detail}`}`];
  const host = metadataUrl === null ? jwksHost : (URL.parse(metadataUrl)?.host ?? null);
  return [
    ...(host === jwksHost
      ? []
      : [`${iss}: its keys come from another host, ${jwksHost ?? 'none'}; that host is trusted as well`]),
    ...(keys.length === 1 ? [`${iss}: one key alone; a rotation that is not announced beforehand costs a fetch`] : []),
    ...refusedKeys.map(({ kid, reason }) => `${iss}: key ${kid ?? 'without id'} is not usable (${reason})`),
  ];
}
