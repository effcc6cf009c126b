/** What the load generator is asked and what it answers. It runs in a process of its own. */
import type { JSONWebKeySet } from 'jose';

export interface LoadTask {
  /** File with the subjects; too large for a command line. */
  readonly subjectsFile: string;
}

/** One subject token and what an exchange of it must give. */
export interface LoadSubject {
  readonly token: string;
  readonly permissions: readonly string[];
}

export interface LoadSubjects {
  readonly subjects: readonly LoadSubject[];
  readonly clientId: string;
  readonly clientSecret: string;
  readonly audience: string;
  /** Tokens that must be refused: a server that takes one does not verify. */
  readonly refused: readonly { readonly why: string; readonly token: string }[];
}

export type Protocol = 'rest' | 'grpc';

export interface LoadJob {
  readonly kind: 'job';
  readonly protocol: Protocol;
  readonly port: number;
  readonly warmUpSeconds: number;
  readonly seconds: number;
  readonly expected: ExpectedAnswer;
  /** Processes whose CPU time is read when the window opens and closes; `null`: not readable from here. */
  readonly meters: { readonly server: number | null; readonly postgres: number | null };
}

export interface ExpectedAnswer {
  readonly issuer: string;
  readonly jwks: JSONWebKeySet;
  /** `null`: those of the subject. */
  readonly permissions: readonly string[] | null;
}

export interface LoadResult {
  readonly kind: 'result';
  readonly exchanges: number;
  readonly seconds: number;
  readonly p50Milliseconds: number;
  readonly p99Milliseconds: number;
  readonly verified: number;
  readonly errors: number;
  /** The first few, in words. */
  readonly errorTexts: readonly string[];
  readonly cpuMicroseconds: { readonly server: number | null; readonly postgres: number | null; readonly load: number };
}

/** An exchange's answer, whatever it came by. */
export interface ReceivedAnswer {
  readonly access_token: unknown;
  readonly issued_token_type: unknown;
  readonly token_type: unknown;
  readonly expires_in: unknown;
}
