import type { ClaimMapping } from '#accessors/policy/contract.js';
import type { TokenClaims } from './contract.js';
import { listIn } from './lists.js';

interface IssuerMappings {
  readonly roles: Map<string, number[]>;
  readonly groups: Map<string, number[]>;
}

const NONE: readonly never[] = Object.freeze([]);

/** The claim mappings of one policy version, ready to be asked by issuer and exact value. */
export class MappingIndex {
  private readonly issuers = new Map<string, IssuerMappings>();

  constructor(private readonly mappings: readonly ClaimMapping[]) {
    for (const [position, { issuer, claim, value }] of mappings.entries()) {
      // An issuer without a name is no issuer: it stands for there being no token.
      if (issuer !== '') listIn(this.ofIssuer(issuer)[claim], value).push(position);
    }
  }

  /** Whether anything depends on groups of this issuer, so that unknown groups make the answer unknown. */
  usesGroupsOf(issuer: string): boolean {
    return (this.issuers.get(issuer)?.groups.size ?? 0) > 0;
  }

  /** Positions of the mappings that the claims meet, ascending, each once. */
  metBy(claims: TokenClaims): readonly number[] {
    if (this.issuers.size === 0) return NONE;
    const { issuer, roles, groups } = claims;
    const mappings = this.issuers.get(issuer);
    if (mappings === undefined) return NONE;
    const met = [...metIn(mappings.roles, roles), ...metIn(mappings.groups, groups ?? NONE)];
    return met.length < 2 ? met : [...new Set(met)].sort((left, right) => left - right);
  }

  /** Keys of the groups that the claims are mapped to, sorted, each once. */
  groupsOf(claims: TokenClaims): readonly string[] {
    const groups = this.metBy(claims).flatMap((position) => this.mappings[position]?.group ?? NONE);
    return groups.length === 0 ? NONE : [...new Set(groups)].sort();
  }

  private ofIssuer(issuer: string): IssuerMappings {
    const known = this.issuers.get(issuer);
    if (known !== undefined) return known;
    const made: IssuerMappings = { roles: new Map(), groups: new Map() };
    this.issuers.set(issuer, made);
    return made;
  }
}

function metIn(index: ReadonlyMap<string, readonly number[]>, values: readonly string[]): readonly number[] {
  if (index.size === 0 || values.length === 0) return NONE;
  const met: number[] = [];
  for (const value of values) met.push(...(index.get(value) ?? NONE));
  return met;
}
