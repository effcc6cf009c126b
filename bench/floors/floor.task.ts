import type { JsonWebKey } from 'node:crypto';

/** What a floor is started with. */
export interface FloorTask {
  readonly issuer: string;
  readonly audience: string;
  readonly subjectJwk: JsonWebKey;
  readonly subjectHeader: string;
}

/** What a floor says once its port is open. */
export interface FloorReady {
  readonly port: number;
  readonly publishedJwk: JsonWebKey & { readonly kid: string };
}
