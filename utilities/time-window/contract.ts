/** A span of time, half open: it begins at `from` and has ended at `until`. Unix milliseconds; `null`: without that end. */
export interface TimeWindow {
  readonly from: number | null;
  readonly until: number | null;
}

export const ALWAYS: TimeWindow = Object.freeze({ from: null, until: null });
