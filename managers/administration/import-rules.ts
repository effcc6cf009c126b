import { SHARED_ISSUERS } from '#accessors/issuer/contract.js';
import type { ImportedItem } from './import-document.js';
import type { ImportFault } from './import-faults.js';
import type { Placed, Sections } from './import-reading.js';

const USUAL_LIFETIME = { least: 300, most: 900 };

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
  if (item.provider === 'entra-id') return entraFaults(path, item);
  if ((item.tenant === undefined) === (item.tenants === undefined))
    return [{ path, message: 'expected either tenant or tenants' }];
  const unconditional = item.tenant !== undefined || item.tenants?.some((rule) => rule.when === undefined) === true;
  if (!unconditional || item.conditions !== undefined || !SHARED_ISSUERS.includes(item.issuer)) return [];
  return [{ path, message: 'many organisations share this issuer: expected a condition (when) with every tenant' }];
}

function entraFaults(path: string, item: Extract<ImportedItem<'issuers'>, { provider: 'entra-id' }>): readonly ImportFault[] {
  if (!item.anyDirectory)
    return item.directories.length === 0 ? [{ path: `${path}.directories`, message: 'expected at least one' }] : [];
  if (item.directories.length > 0) return [{ path, message: 'expected either directories or anyDirectory' }];
  if (item.tenants !== undefined && item.tenants.every((rule) => rule.when !== undefined)) return [];
  return [{ path, message: 'any directory counts: expected tenants, each with a condition (when)' }];
}
