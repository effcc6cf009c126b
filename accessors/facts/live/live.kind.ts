import type { LiveKind, LiveRecord, Page, Principal } from '../live-data.contract.js';
import type { LiveFaults } from './live-fault.js';
import type { PrincipalDirectory } from '../stores/principal.directory.js';

export type RecordOf<Kind extends LiveKind> = Extract<LiveRecord, { readonly kind: Kind }>;

/** A row with the id that it is stored under: its key in the database, whatever people call it. */
export interface Stored<Row extends LiveRecord = LiveRecord> {
  readonly id: string;
  readonly record: Row;
}

/** A record of an order. */
export interface Item<Row extends LiveRecord = LiveRecord> {
  readonly number: number;
  readonly record: Row;
}

/** What becomes of a row. */
export interface Planned<Row extends LiveRecord = LiveRecord> extends Stored<Row> {
  readonly number: number;
  readonly before: Row | null;
}

/** What one order is about. */
export interface Scope {
  readonly tenantId: string;
  readonly principals: PrincipalDirectory;
  readonly faults: LiveFaults;
  newId(): string;
}

/** Which rows are listed. */
export interface Listing extends Page {
  /** `null`: not narrowed to one. */
  readonly principal: Principal | null;
  /** How names begin. */
  readonly prefix: string;
}

/** What becomes `next` when there is another page. */
export interface Listed<Row extends LiveRecord = LiveRecord> extends Stored<Row> {
  readonly place: string;
}

/** One kind of rows. Everything runs in a unit of work that holds the lock of the tenant. */
export interface LiveKindStore<Row extends LiveRecord = LiveRecord> {
  /** As `LiveRef` names it. */
  nameOf(stored: Stored<Row>): string;

  /** The rows that the records speak of, in their order; `undefined`: it will be a new one. Adds faults. */
  match(scope: Scope, items: readonly Item<Row>[]): Promise<readonly (Stored<Row> | undefined)[]>;

  /** Faults that only show in what the rows would be together. */
  verify?(scope: Scope, planned: readonly Planned<Row>[]): Promise<void>;

  /** Makes rows be so. */
  write(scope: Scope, planned: readonly Planned<Row>[]): Promise<void>;

  named(scope: Scope, names: readonly string[]): Promise<readonly Stored<Row>[]>;

  /** One more than the page asks for, if there is one. */
  list(scope: Scope, listing: Listing): Promise<readonly Listed<Row>[]>;

  remove(scope: Scope, rows: readonly Stored<Row>[]): Promise<void>;
}

/** A kind whose rows are of a subject or a group, and go when it goes. */
export interface HeldKindStore<Row extends LiveRecord = LiveRecord> extends LiveKindStore<Row> {
  /** @param ids of subjects or groups */
  heldBy(scope: Scope, type: Principal['type'], ids: readonly string[]): Promise<readonly Stored<Row>[]>;
}
