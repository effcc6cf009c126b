import { CodedError } from '#utilities/errors/coded-error.js';
import type { IssuerActivation, IssuerRegistration, TenantRule, TrustedIssuer } from './contract.js';
import { documentOf, isSameRecord } from './issuer-document.js';
import { issuerOf, type IssuerRecord, toConfig } from './issuer-record.js';
import { registrationFaults, type RegistrationRules } from './issuer-registration.check.js';
import { metadataLocations } from './metadata-location.js';
import type { IssuerStore } from './stores/issuer.store.js';
import type { ActivationRow, IssuerVersionStore } from './stores/issuer-version.store.js';

export interface IssuerTrustDeps {
  readonly store: Pick<IssuerStore, 'find' | 'tenantIds' | 'save'>;
  readonly versions: Pick<IssuerVersionStore, 'ensure' | 'activations' | 'append'>;
  readonly rules: RegistrationRules;
}

type RefusalCode = 'IMPORT_INVALID' | 'ISSUER_INVALID';

/** Writes trust down: checks what is to be trusted, and keeps what is in force in step with its history. */
export class IssuerTrust {
  constructor(private readonly deps: IssuerTrustDeps) {}

  /** The issuer of a registration, if it keeps every rule. @throws CodedError `code` with everything that is wrong */
  async checked(registration: IssuerRegistration, code: RefusalCode): Promise<TrustedIssuer> {
    const tenantIds = await this.deps.store.tenantIds([...new Set(registration.tenantRules.map(({ slug }) => slug))]);
    const rules: TenantRule[] = registration.tenantRules.map((rule) => ({ ...rule, tenantId: tenantIds.get(rule.slug) ?? '' }));
    const issuer = issuerOf(registration, rules, this.deps.rules.presets);
    const missing = rules.filter(({ tenantId }) => tenantId === '');
    const faults = [
      ...registrationFaults(issuer, this.deps.rules),
      ...missing.map(({ slug }) => `tenants: there is no tenant ${slug}`),
    ];
    if (faults.length > 0) throw invalid(code, registration.name, faults);
    return issuer;
  }

  /** Drafts and puts into force in one go. @throws CodedError `IMPORT_INVALID`, `ISSUER_CHANGED` */
  async register(registration: IssuerRegistration): Promise<'created' | 'updated' | 'unchanged'> {
    const issuer = await this.checked(registration, 'IMPORT_INVALID');
    const before = await this.deps.store.find(issuer.name);
    const status = registration.status ?? (before?.status === 'disabled' ? 'disabled' : 'active');
    if (isSameRecord(before, recordOf(issuer, status))) return 'unchanged';
    const { version } = await this.deps.versions.ensure(issuer.name, documentOf(issuer));
    await this.putInForce(issuer, { version, status, code: 'IMPORT_INVALID' });
    return before === undefined ? 'created' : 'updated';
  }

  /**
   * Adds the activation and writes what requests read, in the caller's unit of work. `after`, if given, is the activation that
   * the operator has seen.
   *
   * @throws CodedError `ISSUER_CHANGED`, or `code` where another active issuer owns an `iss`
   */
  async putInForce(
    issuer: TrustedIssuer,
    next: {
      readonly version: number;
      readonly status: 'active' | 'disabled';
      readonly code: RefusalCode;
      readonly after?: number;
    },
  ): Promise<IssuerActivation> {
    const { name } = issuer;
    const { version, status } = next;
    const number = next.after ?? (await this.newest(name))?.number ?? 0;
    if (!(await this.deps.versions.append(number, { name, version, status }))) throw changed(name);
    const identifiers = status === 'active' ? metadataLocations(issuer).map(({ iss }) => iss) : [];
    const contested = await this.deps.store.save({ ...recordOf(issuer, status), identifiers });
    if (contested.length > 0) {
      const faults = contested.map((iss) => `${iss} belongs to another active issuer`);
      throw invalid(next.code, name, faults);
    }
    const written = await this.newest(name);
    return { number: number + 1, version, status, at: written?.at ?? 0 };
  }

  async newest(name: string): Promise<ActivationRow | undefined> {
    return (await this.deps.versions.activations(name)).at(-1);
  }
}

export function changed(name: string): CodedError {
  return new CodedError('ISSUER_CHANGED', { field: `issuers.${name}` });
}

function recordOf(issuer: TrustedIssuer, status: 'active' | 'disabled'): IssuerRecord {
  return { name: issuer.name, provider: issuer.provider, status, config: toConfig(issuer), rules: issuer.tenantRules };
}

function invalid(code: RefusalCode, name: string, faults: readonly string[]): CodedError {
  return new CodedError(code, { field: `issuers.${name}`, actual: faults.join('; ') });
}
