import type { ImportedItem } from './import-document.js';
import type { ImportFault } from './import-faults.js';
import type { Placed, Sections } from './import-reading.js';

const USUAL_LIFETIME = { least: 300, most: 900 };

/** Issuers that many organisations share: their tokens say nothing about the organisation without a condition on a claim. */
const SHARED_ISSUERS: ReadonlySet<string> = new Set([
  'https://accounts.google.com',
  'https://token.actions.githubusercontent.com',
  'https://gitlab.com',
  'https://app.terraform.io',
]);

/** What the members of one item mean together. */
export function ruleFaults({ applications, issuers }: Sections): readonly ImportFault[] {
  return [...applications.flatMap(applicationFaults), ...issuers.flatMap(issuerFaults)];
}

function applicationFaults({ path, item }: Placed<'applications'>): readonly ImportFault[] {
  const foreign = item.permissions.flatMap(({ name }, position) =>
    name.startsWith(`${item.prefix}:`)
      ? []
      : [{ path: `${path}.permissions[${position}].name`, message: `expected ${item.prefix}: in front` }],
  );
  return [...foreign, ...lifetimeFaults(path, item)];
}

function lifetimeFaults(path: string, item: ImportedItem<'applications'>): readonly ImportFault[] {
  const { tokenLifetimeSeconds: lifetime, unusualLifetime } = item;
  const { least, most } = USUAL_LIFETIME;
  if (lifetime === null || unusualLifetime || (lifetime >= least && lifetime <= most)) return [];
  const message = `expected ${least} to ${most}; if another lifetime is meant, say so with unusualLifetime: true`;
  return [{ path: `${path}.tokenLifetimeSeconds`, message }];
}

function issuerFaults({ path, item }: Placed<'issuers'>): readonly ImportFault[] {
  if (item.provider !== 'oidc') return [];
  if ((item.tenant === undefined) === (item.tenants === undefined))
    return [{ path, message: 'expected either tenant or tenants' }];
  const unconditional = item.tenant !== undefined || item.tenants?.some((rule) => rule.when === undefined) === true;
  if (!unconditional || !SHARED_ISSUERS.has(item.issuer)) return [];
  return [{ path, message: 'many organisations share this issuer: expected a condition (when) with every tenant' }];
}
