import type { PolicyContent } from '#accessors/policy/contract.js';
import type { PolicyLanguage } from '#engines/permission/policy-language.contract.js';
import type { ImportFault } from './import-faults.js';
import type { ReadImport } from './import-reading.js';

/** A policy of the file, as the policy language understood it. */
export interface ImportedPolicy {
  readonly path: string;
  readonly tenant: string;
  readonly set: string;
  /** `null`: it has faults. */
  readonly content: PolicyContent | null;
}

/** Members that a policy file has and a policy in an import file has not: here its tenant and name stand beside the sections. */
const FRAME = ['apiVersion', 'kind', 'metadata'];

/** Reads the policies of an import file with all their sections. */
export function readPolicies(
  { sections, policies }: ReadImport,
  language: PolicyLanguage,
): { readonly policies: readonly ImportedPolicy[]; readonly faults: readonly ImportFault[] } {
  const faults: ImportFault[] = [];
  const read = sections.policies.map(({ path, position, item }): ImportedPolicy => {
    const { frame, document } = policyFile(policies[position], { tenant: item.tenant, name: item.name });
    faults.push(...frame.map((name) => ({ path: `${path}.${name}`, message: 'unknown member' })));
    const reading = language.read(document);
    if (!reading.ok)
      faults.push(
        ...reading.faults.map((fault) => ({ path: `${path}.${fault.path}`.replace(/\.$/, ''), message: fault.message })),
      );
    return { path, tenant: item.tenant, set: item.name, content: reading.ok ? reading.file.content : null };
  });
  return { policies: read, faults };
}

function policyFile(
  given: unknown,
  metadata: { readonly tenant: string; readonly name: string },
): { readonly frame: readonly string[]; readonly document: object } {
  const {
    tenant: _tenant,
    name: _name,
    ...members
  }: Record<string, unknown> = typeof given === 'object' && given !== null ? { ...given } : {};
  const frame = FRAME.filter((name) => Object.hasOwn(members, name));
  return { frame, document: { ...members, apiVersion: 'countersign/v1', kind: 'PolicySet', metadata } };
}
