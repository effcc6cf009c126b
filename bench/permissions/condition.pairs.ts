/** Sixty conditions, each as CEL and as the closure that somebody would write by hand for it. */
import type { PermissionRequest } from '#engines/permission/contract.js';

export type Closure = (request: PermissionRequest) => boolean;

export interface ConditionPair {
  readonly key: string;
  readonly expression: string;
  readonly closure: Closure;
}

type Pair = Omit<ConditionPair, 'key'>;

const HOUR = 3_600_000;
const kinds = 6;

/** Ten of each kind: window, office hours, tier and flag, age of authentication, network, attributes. */
export function conditionPairs(now: number): readonly ConditionPair[] {
  const kindsOf = [windowed, officeHours, tiered, recentlyAuthenticated, fromNetwork, byAttributes];
  return Array.from({ length: kinds * 10 }, (_, index) => {
    const make = kindsOf[index % kinds];
    if (make === undefined) throw new Error('no such kind of condition');
    return { key: `c${String(index)}`, ...make(Math.floor(index / kinds), now) };
  });
}

function windowed(index: number, now: number): Pair {
  const from = now - (index + 1) * HOUR;
  const until = now + (index - 3) * HOUR;
  const text = (moment: number): string => `timestamp("${new Date(moment).toISOString().replace('.000Z', 'Z')}")`;
  return {
    expression: `now >= ${text(from)} && now < ${text(until)}`,
    closure: (request) => request.now >= from && request.now < until,
  };
}

/** What is written by hand keeps the formatter, and the hour for as long as it lasts. */
function officeHours(index: number): Pair {
  const [opens, closes] = [5 + index, 18];
  const clock = new Intl.DateTimeFormat('en-GB', { timeZone: 'Europe/Zurich', hour: '2-digit', hourCycle: 'h23' });
  let [known, hour] = [Number.NaN, 0];
  return {
    expression: `now.getHours("Europe/Zurich") >= ${String(opens)} && now.getHours("Europe/Zurich") < ${String(closes)}`,
    closure: ({ now }) => {
      const quarter = Math.floor(now / (HOUR / 4));
      if (quarter !== known) [known, hour] = [quarter, Number(clock.format(now))];
      return hour >= opens && hour < closes;
    },
  };
}

function tiered(index: number): Pair {
  const tier = ['free', 'team', 'pro'][index % 3] ?? 'free';
  const flag = index % 2 === 0 ? 'beta' : 'reports';
  return {
    expression: `tenant.tier == "${tier}" && "${flag}" in tenant.flags`,
    closure: ({ facts: { tenantAttributes } }) =>
      tenantAttributes['tier'] === tier && (tenantAttributes['flags'] as readonly string[]).includes(flag),
  };
}

function recentlyAuthenticated(index: number): Pair {
  const seconds = (index + 1) * 600;
  return {
    expression: `"mfa" in session.amr && now - session.auth_time <= duration("${String(seconds)}s")`,
    closure: ({ claims, now }) => claims.amr.includes('mfa') && now - (claims.authTime ?? 0) * 1000 <= seconds * 1000,
  };
}

function fromNetwork(index: number): Pair {
  const second = index + 2;
  const network = ((10 << 24) | (second << 16)) >>> 0;
  return {
    expression: `inCidr(context.ip, "10.${String(second)}.0.0/16")`,
    closure: ({ context }) => (addressOf(context?.['ip'] as string) & 0xffff0000) >>> 0 === network,
  };
}

function addressOf(text: string): number {
  let address = 0;
  for (const part of text.split('.')) address = address * 256 + Number(part);
  return address;
}

function byAttributes(index: number): Pair {
  const level = index % 6;
  const team = `t${String(index % 6)}`;
  return {
    expression: `subject.level >= ${String(level)} && subject.team != "${team}"`,
    closure: ({ facts }) => Number(facts.subject?.attributes['level']) >= level && facts.subject?.attributes['team'] !== team,
  };
}
