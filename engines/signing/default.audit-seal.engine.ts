import { createPublicKey, hash, type KeyObject } from 'node:crypto';
import { calculateJwkThumbprint } from 'jose';
import type { ChainHead } from '#accessors/audit/audit-evidence.contract.js';
import type { KeyAccess, KeyRecord, SigningAlgorithm } from '#accessors/key/contract.js';
import type { CallContext } from '#utilities/call-context/contract.js';
import type { Clock } from '#utilities/clock/contract.js';
import type { AuditCheckpoint, AuditSealEngine, AuditSealVerdict } from './audit-seal.contract.js';
import { isSignedBy } from './jws-verification.js';

/** SECURITY: a name of its own, so that a checkpoint is never taken for a token, nor a token for a checkpoint. */
const TYPE = 'countersign-audit-checkpoint+jwt';
const BASE64URL = /^[\w-]+$/;
/** Between the clock of whoever signed and that of the database, which keeps the times of keys. */
const SKEW_MS = 300_000;

interface Dependencies {
  readonly keyAccess: KeyAccess;
  readonly clock: Clock;
  /** Our `iss`. */
  readonly issuer: string;
}

interface Header {
  readonly alg: string;
  readonly typ: string;
  readonly kid: string;
}

interface Claims {
  readonly iss: string;
  readonly iat: number;
  readonly seq: number;
  readonly prev: string | null;
  readonly heads: readonly Link[];
  readonly carried?: readonly Link[];
}

type Link = readonly [chain: string, sequence: number, hash: string];
type Refused = Extract<AuditSealVerdict, { genuine: false }>;

export class DefaultAuditSealEngine implements AuditSealEngine {
  private readonly publicKeys = new Map<string, Promise<KeyObject | undefined>>();

  constructor(private readonly deps: Dependencies) {}

  async sealCheckpoint(context: CallContext, checkpoint: AuditCheckpoint, algorithm: SigningAlgorithm): Promise<string> {
    const { keyAccess, clock, issuer } = this.deps;
    const key = keyAccess.activeKey(context, algorithm);
    const claims: Claims = {
      iss: issuer,
      iat: Math.floor(clock.now() / 1_000),
      seq: checkpoint.number,
      prev: checkpoint.previous,
      heads: checkpoint.heads.map(linkOf),
      ...(checkpoint.carried.length === 0 ? {} : { carried: checkpoint.carried.map(linkOf) }),
    };
    const input = `${segment({ alg: key.algorithm, typ: TYPE, kid: key.kid })}.${segment(claims)}`;
    return `${input}.${await keyAccess.signWith(context, key, input)}`;
  }

  async openCheckpoint(_context: CallContext, document: string, keys: readonly KeyRecord[]): Promise<AuditSealVerdict> {
    const read = readDocument(document);
    if (typeof read === 'string') return refused(read);
    const { header, claims } = read;
    if (claims.iss !== this.deps.issuer) return refused('issuer-mismatch');
    const record = keys.find(({ kid, algorithm }) => kid === header.kid && algorithm === header.alg);
    const publicKey = record === undefined ? undefined : await this.publicKeyOf(record);
    if (record === undefined || publicKey === undefined) return refused('key-unknown');
    const key = { kid: record.kid, algorithm: record.algorithm, publicKey, signsFrom: null, signsUntil: null };
    if (!isSignedBy(key, read.input, read.signature)) return refused('signature-invalid');
    return signedInTime(record, claims.iat * 1_000) ? accepted(record, claims) : refused('outside-key-window');
  }

  digestOf(document: string): string {
    return hash('sha256', document);
  }

  /** SECURITY: what the table of keys says of a kid counts only if the key has that thumbprint. */
  private publicKeyOf({ kid, jwk }: KeyRecord): Promise<KeyObject | undefined> {
    const name = `${kid} ${JSON.stringify(jwk)}`;
    const known = this.publicKeys.get(name);
    if (known !== undefined) return known;

    const made = calculateJwkThumbprint(jwk).then(
      (thumbprint) => (thumbprint === kid ? createPublicKey({ key: { ...jwk }, format: 'jwk' }) : undefined),
      () => undefined,
    );
    this.publicKeys.set(name, made);
    return made;
  }
}

function readDocument(document: string) {
  const parts = document.split('.');
  const [head, body, signature] = parts;
  if (parts.length !== 3 || !parts.every((part) => BASE64URL.test(part))) return 'malformed';
  const header = parsed(head);
  const claims = parsed(body);
  if (!isHeader(header) || !isClaims(claims)) return 'malformed';
  if (header.typ !== TYPE) return 'type-mismatch';
  return { header, claims, input: `${String(head)}.${String(body)}`, signature: Buffer.from(String(signature), 'base64url') };
}

function accepted(record: KeyRecord, claims: Claims): AuditSealVerdict {
  return {
    genuine: true,
    checkpoint: {
      number: claims.seq,
      previous: claims.prev,
      heads: claims.heads.map(headOf),
      carried: (claims.carried ?? []).map(headOf),
    },
    issuedAt: claims.iat,
    kid: record.kid,
    isKeyDistrusted: record.state === 'revoked' || record.state === 'tainted',
  };
}

function refused(fault: Refused['fault']): Refused {
  return { genuine: false, fault };
}

/** A key that never signed has signed no checkpoint. One that stands by signs without ever becoming active. */
function signedInTime({ standby, publishedAt, activatedAt, stoppedAt }: KeyRecord, at: number): boolean {
  const from = standby === true ? publishedAt : activatedAt;
  if (from === null || at < from - SKEW_MS) return false;
  return stoppedAt === null || at <= stoppedAt + SKEW_MS;
}

function linkOf({ chain, sequence, hash: digest }: ChainHead): Link {
  return [chain, sequence, digest];
}

function headOf([chain, sequence, digest]: Link): ChainHead {
  return { chain, sequence, hash: digest };
}

function segment(value: object): string {
  return Buffer.from(JSON.stringify(value), 'utf8').toString('base64url');
}

function parsed(text: string | undefined): unknown {
  try {
    return JSON.parse(Buffer.from(text ?? '', 'base64url').toString('utf8')) as unknown;
  } catch {
    return undefined;
  }
}

function isHeader(value: unknown): value is Header {
  if (typeof value !== 'object' || value === null) return false;
  const { alg, typ, kid } = value as Partial<Header>;
  return typeof alg === 'string' && typeof typ === 'string' && typeof kid === 'string';
}

function isClaims(value: unknown): value is Claims {
  if (typeof value !== 'object' || value === null) return false;
  const { iss, iat, seq, prev, heads, carried } = value as Partial<Claims>;
  const isFramed = typeof iss === 'string' && Number.isSafeInteger(iat) && Number.isSafeInteger(seq);
  const isChained = prev === null || typeof prev === 'string';
  return isFramed && isChained && areLinks(heads) && (carried === undefined || areLinks(carried));
}

function areLinks(value: unknown): boolean {
  return Array.isArray(value) && value.every(isLink);
}

function isLink(value: unknown): boolean {
  if (!Array.isArray(value) || value.length !== 3) return false;
  const [chain, sequence, digest] = value as readonly unknown[];
  return typeof chain === 'string' && Number.isSafeInteger(sequence) && typeof digest === 'string';
}
