/** What the oracle is asked, in types of its own and of the accessors' contracts. */
import type { ExternalFacts, SubjectFacts } from '#accessors/facts/contract.js';
import type { PolicyContent } from '#accessors/policy/contract.js';
import type { TimeWindow } from '#utilities/time-window/contract.js';
import type { Expression } from './expression.js';

export interface Claims {
  readonly issuer: string;
  readonly roles: readonly string[];
  readonly groups: readonly string[] | null;
  readonly acr: string | null;
  readonly amr: readonly string[];
  /** Unix seconds. */
  readonly authTime: number | null;
}

export interface Target {
  readonly prefix: string;
  readonly audience: string;
  readonly permissions: readonly { readonly name: string; readonly maxLifetimeSeconds?: number | null }[];
  readonly allowsEmptyPermissions: boolean;
}

export interface Resource {
  readonly type: string;
  readonly id: string | null;
  readonly unit: string | null;
  readonly path: string | null;
  readonly attributes: Readonly<Record<string, unknown>>;
}

export interface Question {
  readonly policy: PolicyContent;
  readonly application: Target;
  readonly facts: SubjectFacts;
  readonly external: ExternalFacts;
  readonly claims: Claims;
  readonly context: Readonly<Record<string, unknown>> | null;
  readonly boundary: readonly string[];
  readonly ceiling: readonly string[] | null;
  readonly ceilings?: readonly (readonly string[])[];
  /** Unix milliseconds. */
  readonly now: number;
  readonly unit: string | null;
  /** What the conditions mean, by their text; a text that is not there does not compile. */
  readonly meanings: ReadonlyMap<string, Expression>;
}

/** A question about one resource, or about none in particular. */
export interface Situation {
  readonly question: Question;
  readonly resource: Resource | null;
}

export function isOpen(window: TimeWindow, now: number): boolean {
  return (window.from === null || now >= window.from) && (window.until === null || now < window.until);
}

export function own(record: Readonly<Record<string, unknown>>, name: string): unknown {
  return Object.hasOwn(record, name) ? record[name] : undefined;
}
