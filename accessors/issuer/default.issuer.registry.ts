import type { CallContext } from '#utilities/call-context/contract.js';
import type { UnitOfWork } from '#utilities/database/contract.js';
import { CodedError } from '#utilities/errors/coded-error.js';
import type {
  IssuerActivation,
  IssuerProbe,
  IssuerRegistration,
  IssuerRegistry,
  IssuerSummary,
  IssuerVersion,
  KeySetState,
} from './contract.js';
import { documentOf, registrationOf, versionOf } from './issuer-document.js';
import type { IssuerProber } from './issuer.prober.js';
import { changed, type IssuerTrust } from './issuer-trust.js';
import type { ActivationRow, IssuerVersionStore } from './stores/issuer-version.store.js';

export interface IssuerRegistryDeps {
  readonly trust: IssuerTrust;
  readonly versions: IssuerVersionStore;
  readonly prober: IssuerProber;
  readonly unitOfWork: UnitOfWork;
  /** How the key sets of this process stand. */
  readonly keySets: () => readonly KeySetState[];
}

export class DefaultIssuerRegistry implements IssuerRegistry {
  constructor(private readonly deps: IssuerRegistryDeps) {}

  async probeIssuer(_context: CallContext, registration: IssuerRegistration): Promise<readonly IssuerProbe[]> {
    return this.deps.prober.probe(await this.deps.trust.checked(registration, 'ISSUER_INVALID'));
  }

  async draftIssuer(_context: CallContext, registration: IssuerRegistration): Promise<IssuerVersion> {
    const { trust, versions, unitOfWork } = this.deps;
    return unitOfWork.run(async () => {
      const issuer = await trust.checked(registration, 'ISSUER_INVALID');
      const row = await versions.ensure(issuer.name, documentOf(issuer));
      const [version] = versionOf(row, 'active');
      if (version === undefined) throw unknown(issuer.name);
      return version;
    });
  }

  async activateIssuer(
    _context: CallContext,
    order: { readonly name: string; readonly version: number; readonly expected: number | null },
  ): Promise<IssuerActivation> {
    const { name, version, expected } = order;
    return this.deps.unitOfWork.run(async () => {
      const newest = await this.deps.trust.newest(name);
      if ((newest?.version ?? null) !== expected) throw changed(name);
      return this.putInForce(name, { version, status: 'active', after: newest?.number ?? 0 });
    });
  }

  async switchIssuer(_context: CallContext, name: string, status: 'active' | 'disabled'): Promise<IssuerActivation> {
    return this.deps.unitOfWork.run(async () => {
      const newest = await this.deps.trust.newest(name);
      if (newest === undefined) throw unknown(name);
      if (newest.status === status) return activationOf(newest);
      return this.putInForce(name, { version: newest.version, status, after: newest.number });
    });
  }

  async issuers(_context: CallContext): Promise<readonly IssuerSummary[]> {
    const { versions } = this.deps;
    const newestVersions = new Map((await versions.versions(null)).map(({ name, version }) => [name, version]));
    const inForce = new Map((await versions.activations(null)).map((activation) => [activation.name, activation]));
    return [...newestVersions].map(([name, newestVersion]) => {
      const { status = 'draft', version = null } = inForce.get(name) ?? {};
      return { name, status, version, newestVersion };
    });
  }

  async issuerHistory(
    _context: CallContext,
    name: string,
  ): Promise<{ readonly versions: readonly IssuerVersion[]; readonly activations: readonly IssuerActivation[] }> {
    const rows = await this.deps.versions.versions(name);
    const activations = await this.deps.versions.activations(name);
    if (rows.length === 0) throw unknown(name);
    const status = activations.at(-1)?.status ?? 'active';
    return { versions: rows.flatMap((row) => versionOf(row, status)), activations: activations.map(activationOf) };
  }

  keySets(_context: CallContext): readonly KeySetState[] {
    return this.deps.keySets();
  }

  /** SECURITY: the whole issuer is checked again, so that rules which came later hold for old versions too. */
  private async putInForce(
    name: string,
    next: { readonly version: number; readonly status: 'active' | 'disabled'; readonly after: number },
  ): Promise<IssuerActivation> {
    const row = await this.deps.versions.find(name, next.version);
    const registration = row === undefined ? undefined : registrationOf(row, next.status);
    if (registration === undefined) throw unknown(name);
    const issuer = await this.deps.trust.checked(registration, 'ISSUER_INVALID');
    return this.deps.trust.putInForce(issuer, { ...next, code: 'ISSUER_INVALID' });
  }
}

function activationOf({ number, version, status, at }: ActivationRow): IssuerActivation {
  return { number, version, status, at };
}

function unknown(name: string): CodedError {
  return new CodedError('ISSUER_UNKNOWN', { field: `issuers.${name}` });
}
