import type { ClaimMapping } from '#accessors/policy/contract.js';
import type { TokenClaims } from './contract.js';

interface IssuerMappings {
  readonly roles: Map<string, string[]>;
  readonly groups: Map<string, string[]>;
}

/** The claim mappings of one policy version, ready to be asked by issuer and exact value. */
export class MappingIndex {
  private readonly issuers = new Map<string, IssuerMappings>();

  constructor(mappings: readonly ClaimMapping[]) {
    for (const mapping of mappings) {
      const values = this.ofIssuer(mapping.issuer)[mapping.claim];
      const roles = values.get(mapping.value);
      if (roles === undefined) values.set(mapping.value, [mapping.role]);
      else roles.push(mapping.role);
    }
  }

  /** Whether roles depend on groups of this issuer, so that unknown groups make the answer unknown. */
  usesGroupsOf(issuer: string): boolean {
    return (this.issuers.get(issuer)?.groups.size ?? 0) > 0;
  }

  /** Hands every role that the claims map to over to `take`, some perhaps more than once. */
  eachRole(claims: TokenClaims, take: (role: string) => void): void {
    const mappings = this.issuers.get(claims.issuer);
    if (mappings === undefined) return;
    if (mappings.roles.size > 0) eachMapped(mappings.roles, claims.roles, take);
    if (mappings.groups.size > 0) eachMapped(mappings.groups, claims.groups ?? [], take);
  }

  private ofIssuer(issuer: string): IssuerMappings {
    const known = this.issuers.get(issuer);
    if (known !== undefined) return known;
    const made: IssuerMappings = { roles: new Map(), groups: new Map() };
    this.issuers.set(issuer, made);
    return made;
  }
}

function eachMapped(
  index: ReadonlyMap<string, readonly string[]>,
  values: readonly string[],
  take: (role: string) => void,
): void {
  for (const value of values) index.get(value)?.forEach(take);
}
