import type { ClaimMapping } from '#accessors/policy/contract.js';
import type { TokenClaims } from './contract.js';

interface IssuerMappings {
  readonly roles: Map<string, ClaimMapping[]>;
  readonly groups: Map<string, ClaimMapping[]>;
}

const NONE: readonly string[] = Object.freeze([]);

/** The claim mappings of one policy version, ready to be asked by issuer and exact value. */
export class MappingIndex {
  private readonly issuers = new Map<string, IssuerMappings>();

  constructor(mappings: readonly ClaimMapping[]) {
    for (const mapping of mappings) {
      const values = this.ofIssuer(mapping.issuer)[mapping.claim];
      const same = values.get(mapping.value);
      if (same === undefined) values.set(mapping.value, [mapping]);
      else same.push(mapping);
    }
  }

  /** Whether anything depends on groups of this issuer, so that unknown groups make the answer unknown. */
  usesGroupsOf(issuer: string): boolean {
    return (this.issuers.get(issuer)?.groups.size ?? 0) > 0;
  }

  /** Hands every mapping that the claims meet over to `take`, some perhaps more than once. */
  eachMet(claims: TokenClaims, take: (mapping: ClaimMapping) => void): void {
    const mappings = this.issuers.get(claims.issuer);
    if (mappings === undefined) return;
    if (mappings.roles.size > 0) eachMet(mappings.roles, claims.roles, take);
    if (mappings.groups.size > 0) eachMet(mappings.groups, claims.groups ?? [], take);
  }

  /** Keys of the groups that the claims are mapped to, sorted, each once. */
  groupsOf(claims: TokenClaims): readonly string[] {
    let found: Set<string> | null = null;
    this.eachMet(claims, ({ group }) => {
      if (typeof group === 'string') (found ??= new Set()).add(group);
    });
    return found === null ? NONE : [...(found as Set<string>)].sort();
  }

  private ofIssuer(issuer: string): IssuerMappings {
    const known = this.issuers.get(issuer);
    if (known !== undefined) return known;
    const made: IssuerMappings = { roles: new Map(), groups: new Map() };
    this.issuers.set(issuer, made);
    return made;
  }
}

function eachMet(
  index: ReadonlyMap<string, readonly ClaimMapping[]>,
  values: readonly string[],
  take: (mapping: ClaimMapping) => void,
): void {
  for (const value of values) index.get(value)?.forEach(take);
}
