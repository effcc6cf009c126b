import { createHash, randomBytes, type X509Certificate } from 'node:crypto';
import { DEV_APPROVERS_GROUP_ID, type PersonaName, personaNamed } from './personas.js';

/** More than a token holds. */
const MANY = 205;

/** What Microsoft Graph does wrong, or differently, at the moment. */
export interface GraphKnobs {
  /** Answers every call with this status. */
  readonly status: number | null;
  /** So many calls are spared from `status` first. */
  readonly spared: number;
  /** Sent along with `status`, as it is. */
  readonly retryAfter: string | null;
  /** 200 with a body that is no list of groups. */
  readonly malformed: boolean;
  readonly delayMs: number;
}

/** What the token endpoint thinks of the app registration and of its users. */
export interface RegistrationKnobs {
  /** The registration may read memberships. Without: 403 for the application, AADSTS65001 on behalf of users. */
  readonly consented: boolean;
  /** Users must prove a second factor first: AADSTS50076 with `claims`. */
  readonly stepUp: boolean;
  readonly secretExpired: boolean;
  /** `transient`: AADSTS90033; `throttled`: 429. */
  readonly trouble: 'transient' | 'throttled' | null;
  readonly retryAfter: string | null;
}

export interface FederatedTrust {
  readonly issuer: string;
  readonly subject: string;
}

const CALM_GRAPH: GraphKnobs = { status: null, spared: 0, retryAfter: null, malformed: false, delayMs: 0 };
const CALM_REGISTRATION: RegistrationKnobs = {
  consented: true,
  stepUp: false,
  secretExpired: false,
  trouble: null,
  retryAfter: null,
};

/** Who is in which group, and the one app registration that may ask. */
export class DirectoryState {
  /** Of the registration; new for each directory. */
  readonly secret = randomBytes(32).toString('base64url');
  graph = CALM_GRAPH;
  registration = CALM_REGISTRATION;
  /** Certificates that were uploaded to the registration. */
  readonly certificates: X509Certificate[] = [];
  federatedTrust: FederatedTrust | null = null;
  /** Tokens for Graph of an earlier generation are refused. */
  tokenGeneration = 0;
  private readonly members = new Map<string, Set<string>>();

  constructor() {
    const carol = personaNamed('carol').objectId;
    for (let index = 0; index < MANY; index++) this.groupsOf(carol).add(madeUpGroup(index));
    this.setMember('carol', DEV_APPROVERS_GROUP_ID, true);
  }

  setMember(persona: PersonaName, group: string, isMember: boolean): void {
    const groups = this.groupsOf(personaNamed(persona).objectId);
    if (isMember) groups.add(group);
    else groups.delete(group);
  }

  /** Who is not there at all has no set. */
  memberships(objectId: string): ReadonlySet<string> | undefined {
    return this.members.get(objectId);
  }

  /** Adds somebody who is in no group. */
  add(objectId: string): void {
    this.groupsOf(objectId);
  }

  turnGraph(knobs: Partial<GraphKnobs>): void {
    this.graph = { ...this.graph, ...knobs };
  }

  turnRegistration(knobs: Partial<RegistrationKnobs>): void {
    this.registration = { ...this.registration, ...knobs };
  }

  calm(): void {
    this.graph = CALM_GRAPH;
    this.registration = CALM_REGISTRATION;
  }

  /** Every token that was issued for Graph is refused from now on. */
  revokeTokens(): void {
    this.tokenGeneration += 1;
  }

  private groupsOf(objectId: string): Set<string> {
    const known = this.members.get(objectId) ?? new Set<string>();
    this.members.set(objectId, known);
    return known;
  }
}

/** The same id for the same number, always: `0` to `204` are carol's. */
export function madeUpGroup(index: number): string {
  const hex = createHash('sha256')
    .update(`group ${String(index)}`)
    .digest('hex');
  return [hex.slice(0, 8), hex.slice(8, 12), hex.slice(12, 16), hex.slice(16, 20), hex.slice(20, 32)].join('-');
}
