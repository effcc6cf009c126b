/** Offsets of time zones, with the changes of each day found once, so that an accessor costs no formatting. */
const DAY = 86_400_000;
const MOST_ZONES = 128;
const MOST_DAYS = 4_096;
const FIXED = /^([+-]?)(\d\d):(\d\d)$/;
const NAMED = /^[A-Za-z][A-Za-z0-9_+-]*(\/[A-Za-z0-9_+-]+){0,2}$/;
const OFFSET = /^GMT(?:([+-])(\d\d):(\d\d)(?::(\d\d))?)?$/;
const MOST_CHARACTERS = 64;

/** What holds in one day of UTC: `before` until `change`, and `after` from then on. No zone ever changed twice in a day. */
interface ZoneDay {
  readonly before: number;
  readonly change: number;
  readonly after: number;
}

export interface Zone {
  /** Milliseconds that local time is ahead of UTC. */
  offsetAt(millis: number): number;
  /** The first change of the offset after `from`, not after `to`; `null`: none. At most a few days apart. */
  changeWithin(from: number, to: number): number | null;
}

class FixedZone implements Zone {
  constructor(private readonly offset: number) {}

  offsetAt(): number {
    return this.offset;
  }

  changeWithin(): null {
    return null;
  }
}

class NamedZone implements Zone {
  private readonly days = new Map<number, ZoneDay>();
  private last = Number.NaN;
  private lastDay: ZoneDay = { before: 0, change: 0, after: 0 };

  constructor(private readonly format: Intl.DateTimeFormat) {}

  offsetAt(millis: number): number {
    const { before, change, after } = this.dayOf(Math.floor(millis / DAY));
    return millis < change ? before : after;
  }

  changeWithin(from: number, to: number): number | null {
    for (let day = Math.floor(from / DAY); day * DAY <= to; day += 1) {
      const { before, change, after } = this.dayOf(day);
      if (before !== after && change > from && change <= to) return change;
    }
    return null;
  }

  private dayOf(day: number): ZoneDay {
    if (day === this.last) return this.lastDay;
    let found = this.days.get(day);
    if (found === undefined) {
      if (this.days.size >= MOST_DAYS) this.days.clear();
      found = this.look(day * DAY);
      this.days.set(day, found);
    }
    this.last = day;
    this.lastDay = found;
    return found;
  }

  private look(start: number): ZoneDay {
    const before = this.ask(start);
    const after = this.ask(start + DAY);
    let [low, high] = [start, start + DAY];
    while (before !== after && high - low > 1) {
      const middle = Math.floor((low + high) / 2);
      if (this.ask(middle) === before) low = middle;
      else high = middle;
    }
    return { before, change: high, after };
  }

  private ask(millis: number): number {
    const name = this.format.formatToParts(millis).find(({ type }) => type === 'timeZoneName')?.value ?? '';
    const parts = OFFSET.exec(name);
    // SECURITY: an offset that is not understood is no offset of 0: a condition on office hours would hold at night.
    if (parts === null) throw new Error(`the offset ${name} is not understood`);
    const [, sign, hours = '0', minutes = '0', seconds = '0'] = parts;
    const offset = (Number(hours) * 3600 + Number(minutes) * 60 + Number(seconds)) * 1000;
    return sign === '-' ? -offset : offset;
  }
}

export const UTC: Zone = new FixedZone(0);
/** Names may come from attributes: what is kept is bounded, and so are names that are none. */
const zones = new Map<string, Zone | null>([
  ['UTC', UTC],
  ['Z', UTC],
]);

/** `Europe/Zurich`, `+02:00`, `-09:30`; `null`: there is none of that name. */
export function zoneOf(name: string): Zone | null {
  const known = zones.get(name);
  if (known !== undefined) return known;
  const zone = name.length <= MOST_CHARACTERS ? (fixedZone(name) ?? namedZone(name)) : null;
  if (zones.size >= MOST_ZONES) zones.delete([...zones.keys()][2] ?? '');
  zones.set(name, zone);
  return zone;
}

function fixedZone(name: string): Zone | null {
  const [, sign, hours, minutes] = FIXED.exec(name) ?? [];
  if (hours === undefined || Number(hours) > 23 || Number(minutes) > 59) return null;
  const offset = (Number(hours) * 60 + Number(minutes)) * 60_000;
  return new FixedZone(sign === '-' ? -offset : offset);
}

function namedZone(name: string): Zone | null {
  if (!NAMED.test(name)) return null;
  try {
    const zone = new NamedZone(new Intl.DateTimeFormat('en-US', { timeZone: name, timeZoneName: 'longOffset' }));
    // So that a name of which nothing can be told is refused and not kept.
    zone.offsetAt(0);
    return zone;
  } catch {
    return null;
  }
}
