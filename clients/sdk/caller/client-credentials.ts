import { readFile } from 'node:fs/promises';
import { createSecureContext } from 'node:tls';
import { callerError } from './caller-error.js';
import { type AssertionKey, assertionSigner } from './client-assertion.js';
import type { TlsMaterial } from './post.js';

/** Files of PEM. They are read again for each exchange, so that certificates can be renewed under a running process. */
export interface TlsFiles {
  /** Whom to trust in the place of what the process trusts. */
  readonly caFile?: string;
  readonly certFile?: string;
  readonly keyFile?: string;
}

/** How this client proves itself: by exactly one of a secret, a key, a token of its platform, and a certificate. */
export interface ClientCredentials {
  readonly clientId: string;
  /** `client_secret_basic`. */
  readonly secret?: string;
  /** As `secret`, from a file that is read again for each exchange. */
  readonly secretFile?: string;
  /** `private_key_jwt`. */
  readonly key?: AssertionKey;
  /** `federated`: the file in which the platform keeps a token; it is read again for each exchange. */
  readonly assertionFile?: string;
  /** `tls_client_auth` and `self_signed_tls_client_auth`, where a certificate is named and nothing else. */
  readonly tls?: TlsFiles;
}

/** What goes into one request. */
export interface ClientProof {
  readonly headers: Readonly<Record<string, string>>;
  readonly form: Readonly<Record<string, string>>;
}

const JWT_BEARER = 'urn:ietf:params:oauth:client-assertion-type:jwt-bearer';
const MOST_CHARACTERS = 65_536;

/**
 * What this client proves itself with, made anew for each request.
 *
 * @throws TypeError when there is not exactly one proof. The functions: CountersignError `CLIENT_PROOF_UNAVAILABLE`
 */
export function clientProofs(of: ClientCredentials, issuer: string): (nowSeconds: number) => Promise<ClientProof> {
  const { clientId, secret, secretFile, key, assertionFile, tls } = of;
  if (clientId === '') throw new TypeError('clientId cannot be empty');
  const isCertified = tls?.certFile !== undefined;
  const named = [secret, secretFile, key, assertionFile].filter((proof) => proof !== undefined);
  if (named.length > 1 || (named.length === 0 && !isCertified)) {
    throw new TypeError('name one of secret, secretFile, key, assertionFile and tls.certFile');
  }
  if (secret !== undefined) return constant(basic(clientId, filled(secret)));
  if (secretFile !== undefined) return async () => basic(clientId, await textOf(secretFile));
  if (assertionFile !== undefined) return async () => asserted(await textOf(assertionFile), clientId);
  if (key === undefined) return constant({ headers: {}, form: { client_id: clientId } });
  const assertion = assertionSigner({ clientId, issuer, key });
  return async (nowSeconds) => asserted(assertion(nowSeconds), clientId);
}

function constant(proof: ClientProof): () => Promise<ClientProof> {
  return () => Promise.resolve(proof);
}

function filled(secret: string): string {
  if (secret === '') throw new TypeError('secret cannot be empty');
  return secret;
}

/** RFC 6749 §2.3.1: both are form-encoded first. */
function basic(clientId: string, secret: string): ClientProof {
  const pair = `${encodeURIComponent(clientId)}:${encodeURIComponent(secret)}`;
  return { headers: { authorization: `Basic ${Buffer.from(pair).toString('base64')}` }, form: {} };
}

function asserted(assertion: string, clientId: string): ClientProof {
  const form = { client_id: clientId, client_assertion_type: JWT_BEARER, client_assertion: assertion };
  return { headers: {}, form };
}

/** Without the line break that most files end with. */
async function textOf(file: string): Promise<string> {
  let text: string;
  try {
    text = (await readFile(file, 'utf8')).trim();
  } catch (cause) {
    throw callerError('CLIENT_PROOF_UNAVAILABLE', { cause });
  }
  if (text === '' || text.length > MOST_CHARACTERS) throw callerError('CLIENT_PROOF_UNAVAILABLE');
  return text;
}

/**
 * The material of these files as it is now: the same object for as long as nothing changed. While files do not fit one another, as
 * happens when they are replaced one by one, what was read before is good.
 */
export function tlsMaterial(files: TlsFiles): () => Promise<TlsMaterial> {
  if ((files.certFile === undefined) !== (files.keyFile === undefined)) throw new TypeError('certFile and keyFile go together');
  let held: TlsMaterial | undefined;
  return async () => {
    try {
      const read = await readMaterial(files);
      if (held !== undefined && isSame(held, read)) return held;
      createSecureContext({ ...read, minVersion: 'TLSv1.2' });
      held = read;
    } catch (cause) {
      if (held === undefined) throw callerError('CLIENT_PROOF_UNAVAILABLE', { cause });
    }
    return held;
  };
}

async function readMaterial({ caFile, certFile, keyFile }: TlsFiles): Promise<TlsMaterial> {
  const [ca, cert, key] = await Promise.all([caFile, certFile, keyFile].map(contentOf));
  return {
    ...(ca === undefined ? {} : { ca }),
    ...(cert === undefined ? {} : { cert }),
    ...(key === undefined ? {} : { key }),
  };
}

async function contentOf(file: string | undefined): Promise<string | undefined> {
  return file === undefined ? undefined : readFile(file, 'utf8');
}

function isSame(one: TlsMaterial, other: TlsMaterial): boolean {
  return one.ca === other.ca && one.cert === other.cert && one.key === other.key;
}
