import type { TrustedIssuer } from './contract.js';
import type { IssuerKeySet } from './issuer-key-set.js';
import { DIRECTORY_PLACE } from './metadata-location.js';

export interface TrustEntry {
  readonly issuer: TrustedIssuer;
  readonly keys: IssuerKeySet;
  /** Changes when anything that the keys depend on does; the same identity keeps its keys across a reload. */
  readonly keysIdentity: string;
}

interface Template {
  readonly before: string;
  readonly after: string;
  readonly entry: TrustEntry;
}

const GUID = /^[0-9a-f]{8}(?:-[0-9a-f]{4}){3}-[0-9a-f]{12}$/;

/** Who owns an `iss`: exactly, or as one of all directories of a cloud. */
export class TrustMap {
  private readonly templates: readonly Template[];

  /** @param byIss an `iss` that is owned, or a template with `{tenantid}` in the place of the directory, to its owner */
  constructor(private readonly byIss: ReadonlyMap<string, TrustEntry>) {
    this.templates = [...byIss].flatMap(([iss, entry]) => {
      const [before = '', after] = iss.split(DIRECTORY_PLACE);
      return after === undefined ? [] : [{ before, after, entry }];
    });
  }

  /** The owner of an `iss` that a token states. An exact owner goes before that of a template. */
  get(iss: string): TrustEntry | undefined {
    const exact = this.byIss.get(iss);
    // SECURITY: the template itself is no directory.
    if (exact !== undefined) return iss.includes(DIRECTORY_PLACE) ? undefined : exact;
    return this.templates.find((template) => matches(template, iss))?.entry;
  }

  /** The entry of an `iss` or template as it is configured. */
  owned(iss: string): TrustEntry | undefined {
    return this.byIss.get(iss);
  }

  entries(): Iterable<TrustEntry> {
    return this.byIss.values();
  }
}

/** By equality of three parts, one of them a GUID in its one spelling; no pattern is made of anything that is configured. */
function matches({ before, after }: Template, iss: string): boolean {
  if (!iss.startsWith(before) || !iss.endsWith(after)) return false;
  return GUID.test(iss.slice(before.length, iss.length - after.length));
}
