import type { TimeWindow } from '#utilities/time-window/contract.js';
import type { NamedCondition } from '../contract.js';

/** Where, when and under which condition something holds. */
interface Limits {
  readonly unit: string | null;
  readonly condition: NamedCondition | null;
  readonly valid: TimeWindow;
}

export interface LimitRow {
  readonly unit: string | null;
  readonly condition_key: string | null;
  readonly params: NamedCondition['params'];
  readonly valid_from: number | null;
  readonly valid_until: number | null;
}

export const LIMIT_COLUMNS = 'unit, condition_key, params, valid_from::float8, valid_until::float8';
export const LIMIT_MEMBERS = 'unit text, condition_key text, params jsonb, valid_from bigint, valid_until bigint';
export const UPDATE_LIMITS = `unit = excluded.unit, condition_key = excluded.condition_key, params = excluded.params,
  valid_from = excluded.valid_from, valid_until = excluded.valid_until`;

export function limitsRow({ unit, condition, valid }: Limits): LimitRow {
  return {
    unit,
    condition_key: condition?.key ?? null,
    params: condition?.params ?? {},
    valid_from: valid.from,
    valid_until: valid.until,
  };
}

export function limitsOf(row: LimitRow): Limits {
  return {
    unit: row.unit,
    condition: row.condition_key === null ? null : { key: row.condition_key, params: row.params },
    valid: { from: row.valid_from, until: row.valid_until },
  };
}
