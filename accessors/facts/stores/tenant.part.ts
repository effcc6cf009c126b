import { hash } from 'node:crypto';
import { LRUCache } from 'lru-cache';
import type { FlagState, SubjectFacts, UpstreamIdentity } from '../contract.js';
import { toWindow } from './fact.decoder.js';
import type { FlagRow, TenantDocument } from './fact.document.js';
import { identityKey } from './subject.state.js';

/** What all subjects of a tenant have in common. */
interface CommonFacts extends Pick<SubjectFacts, 'tenantStatus' | 'tenantBoundary' | 'tenantAttributes' | 'subscriptions'> {
  readonly tenantSlug: string | null;
}

export interface TenantPart {
  readonly common: CommonFacts;
  /** The flags as they stand for one subject. `null`: nothing is known of it that is always the same. */
  flagsOf(identity: UpstreamIdentity | null): readonly FlagState[];
}

const KEPT_TENANTS = 1_000;
/** A tenant that is not there gives nobody anything. */
const NO_TENANT = ['suspended', null, {}, null] as const;
const NONE: readonly never[] = Object.freeze([]);

/** Subjects of a tenant share these objects for as long as the database tells the same to the letter. */
export class TenantParts {
  private readonly kept = new LRUCache<string, { readonly text: string; readonly part: TenantPart }>({ max: KEPT_TENANTS });

  read(tenantId: string, text: string): TenantPart {
    const kept = this.kept.get(tenantId);
    if (kept?.text === text) return kept.part;
    const part = toPart(JSON.parse(text) as TenantDocument);
    this.kept.set(tenantId, { text, part });
    return part;
  }
}

function toPart({ tenant, subscriptions, flags }: TenantDocument): TenantPart {
  const [status, boundary, attributes, slug] = tenant ?? NO_TENANT;
  const common: CommonFacts = {
    tenantStatus: status,
    tenantBoundary: boundary,
    tenantAttributes: attributes,
    tenantSlug: slug,
    subscriptions: (subscriptions ?? NONE).map(([tier, from, until, graceUntil]) => ({
      tier,
      valid: toWindow(from, until),
      graceUntil,
    })),
  };
  return { common, flagsOf: flagsOf(flags ?? NONE) };
}

function flagsOf(rows: readonly FlagRow[]): TenantPart['flagsOf'] {
  const states = rows.map(([key, enabled, percent, from, until]) => ({
    state: { key, enabled: enabled && percent === 100, valid: toWindow(from, until) },
    percent: enabled ? percent : 0,
  }));
  const whole = states.map(({ state }) => state);
  if (states.every(({ percent }) => percent === 0 || percent === 100)) return () => whole;
  return (identity) =>
    states.map(({ state, percent }) =>
      state.enabled || identity === null || !isAmong(percent, state.key, identity) ? state : { ...state, enabled: true },
    );
}

/**
 * Always the same subjects, others for each flag, and more of them when the percentage grows. It goes by the identity that `sub`
 * is made from, so nobody's flags change when somebody is registered.
 */
function isAmong(percent: number, flag: string, identity: UpstreamIdentity): boolean {
  const text = `${flag.length}:${flag}${identityKey(identity)}`;
  const place = Number.parseInt(hash('sha256', text, 'hex').slice(0, 8), 16);
  return place * 100 < percent * 2 ** 32;
}
