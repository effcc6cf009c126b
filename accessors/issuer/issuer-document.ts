import { isDeepStrictEqual } from 'node:util';
import { listOf, membersOf, nullable, type Reader, text } from './config-readers.js';
import type { IssuerRegistration, IssuerVersion, TenantRule, TrustedIssuer } from './contract.js';
import { type IssuerRecord, toConfig, toTrustedIssuer } from './issuer-record.js';
import type { VersionRow } from './stores/issuer-version.store.js';

type SlugRule = Omit<TenantRule, 'tenantId'>;

/** What of an issuer makes a version: everything but its name and how it stands. */
interface IssuerDocument {
  readonly provider: string;
  readonly config: object;
  readonly rules: readonly SlugRule[];
}

const readDocument: Reader<IssuerDocument> = membersOf<IssuerDocument>({
  provider: text,
  config: (value) => (typeof value === 'object' && value !== null ? value : undefined),
  rules: listOf<SlugRule>(
    membersOf<SlugRule>({
      slug: text,
      when: nullable(membersOf<{ claim: string; equals: string }>({ claim: text, equals: text })),
    }),
  ),
});

export function documentOf(issuer: TrustedIssuer): IssuerDocument {
  const rules = issuer.tenantRules.map(({ slug, when }) => ({ slug, when }));
  return { provider: issuer.provider, config: toConfig(issuer), rules };
}

/** The issuer that a version describes, with tenants by slug alone; `undefined` where the row is not one, whoever wrote it. */
export function registrationOf({ name, document }: VersionRow, status: 'active' | 'disabled'): IssuerRegistration | undefined {
  const content = readDocument(document);
  if (content === undefined) return undefined;
  const record: IssuerRecord = { name, status, provider: content.provider, config: content.config, rules: [] };
  const issuer = toTrustedIssuer(record);
  return issuer === undefined ? undefined : { ...issuer, tenantRules: content.rules, status };
}

export function versionOf(row: VersionRow, status: 'active' | 'disabled'): IssuerVersion[] {
  const registration = registrationOf(row, status);
  if (registration === undefined) return [];
  const { name, version, sha256, createdAt } = row;
  return [{ name, version, sha256, createdAt, registration }];
}

/** Whether a stored row is this issuer already. */
export function isSameRecord(stored: IssuerRecord | undefined, wanted: IssuerRecord): boolean {
  return stored !== undefined && isDeepStrictEqual(stored, wanted);
}
