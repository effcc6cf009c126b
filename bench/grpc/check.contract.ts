/** What the load of checks is asked and what it answers. It runs in a process of its own. */
import type { LoadJob, LoadResult } from '../load/load.contract.js';

export interface CheckQuestions {
  readonly clientId: string;
  readonly clientSecret: string;
  /** Messages of CheckPermission, base64, all of something that is allowed. */
  readonly messages: readonly string[];
  /** What must not be answered with "allowed": a server that does so does not do the work that is measured. */
  readonly unlike: readonly { readonly why: string; readonly message: string }[];
}

export interface CheckJob extends Pick<LoadJob, 'port' | 'warmUpSeconds' | 'seconds' | 'meters'> {
  readonly kind: 'job';
  /** File with `CheckQuestions`; too large for a message. */
  readonly questionsFile: string;
  /** Whether this server decides, or answers whatever it is asked. */
  readonly decides: boolean;
}

export type CheckResult = Omit<LoadResult, 'verified'>;
