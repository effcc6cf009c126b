/** The questions that are measured: the same subjects by name, and by tokens of the service. */
import type { JsonWebKey } from 'node:crypto';
import { writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { decodeProtectedHeader } from 'jose';
import { CheckPermissionRequest } from '#protos/generated/countersign/auth/v1/auth.js';
import type { BenchWorld } from '../world/bench.world.js';
import { allPermissions, benchAudience, permissionsOf, subjectCount, subjectKey, tenant } from '../world/population.js';
import type { CheckQuestions } from './check.contract.js';

export interface CheckWorld {
  readonly byNameFile: string;
  readonly byTokenFile: string;
  /** What a floor needs to prove these tokens. */
  readonly verify: { readonly jwk: JsonWebKey; readonly header: string };
}

const asked = 256;
const step = Math.floor(subjectCount / asked);

/** Has the service issue a token for each subject. @throws Error if it does not */
export async function prepareChecks(world: BenchWorld, restPort: number): Promise<CheckWorld> {
  const base = `http://127.0.0.1:${String(restPort)}`;
  const tokens: string[] = [];
  for (const { token } of world.subjects.subjects.slice(0, asked)) tokens.push(await issuedFor(world, base, token));
  const [first = ''] = tokens;
  const { kid } = decodeProtectedHeader(first);
  const { keys } = (await (await fetch(`${base}/.well-known/jwks.json`)).json()) as { keys: (JsonWebKey & { kid: string })[] };
  const key = keys.find((each) => each.kid === kid);
  if (key === undefined) throw new Error('the service does not publish its key');
  const { clientId, clientSecret } = world.subjects;
  const write = (name: string, questions: Pick<CheckQuestions, 'messages' | 'unlike'>): string => {
    const file = join(world.folder, name);
    writeFileSync(file, JSON.stringify({ clientId, clientSecret, ...questions }), { mode: 0o600 });
    return file;
  };
  const denied = allPermissions().find((name) => !permissionsOf(0).includes(name)) ?? '';
  return {
    byNameFile: write('checks-by-name.json', {
      messages: tokens.map((_, index) => byName(index * step, grantedTo(index))),
      unlike: [
        { why: 'a permission that the subject has not', message: byName(0, denied) },
        { why: 'a subject that is not there', message: byName(subjectCount, grantedTo(0)) },
      ],
    }),
    byTokenFile: write('checks-by-token.json', {
      messages: tokens.map((token, index) => byToken(token, grantedTo(index))),
      unlike: [
        { why: 'a permission that the token’s subject has not', message: byToken(first, denied) },
        { why: 'a forged token', message: byToken(forged(first), grantedTo(0)) },
      ],
    }),
    verify: { jwk: { kty: 'EC', crv: 'P-256', x: key.x, y: key.y } as JsonWebKey, header: first.split('.')[0] ?? '' },
  };
}

/** One of those of a subject, another one for each. */
function grantedTo(index: number): string {
  const permissions = permissionsOf(index * step);
  return permissions[index % permissions.length] ?? '';
}

function byName(subject: number, permission: string): string {
  return message({
    subject: { by: { $case: 'key', value: subjectKey(subject) } },
    circumstances: { audience: benchAudience, tenant, unit: '', context: undefined, atLeastAsFresh: '' },
    item: { permission, resource: undefined },
    explain: false,
  });
}

function byToken(token: string, permission: string): string {
  return message({
    subject: { by: { $case: 'token', value: token } },
    circumstances: { audience: benchAudience, tenant: '', unit: '', context: undefined, atLeastAsFresh: '' },
    item: { permission, resource: undefined },
    explain: false,
  });
}

function message(request: CheckPermissionRequest): string {
  return Buffer.from(CheckPermissionRequest.encode(request).finish()).toString('base64');
}

/** One bit of the signature differs. */
function forged(token: string): string {
  const at = token.lastIndexOf('.') + 20;
  return token.slice(0, at) + (token[at] === 'A' ? 'B' : 'A') + token.slice(at + 1);
}

async function issuedFor({ subjects }: BenchWorld, base: string, subjectToken: string): Promise<string> {
  const response = await fetch(`${base}/oauth2/token`, {
    method: 'POST',
    headers: { authorization: `Basic ${Buffer.from(`${subjects.clientId}:${subjects.clientSecret}`).toString('base64')}` },
    body: new URLSearchParams({
      grant_type: 'urn:ietf:params:oauth:grant-type:token-exchange',
      subject_token: subjectToken,
      subject_token_type: 'urn:ietf:params:oauth:token-type:access_token',
      audience: subjects.audience,
    }),
  });
  const { access_token: token } = (await response.json()) as { access_token?: string };
  if (token === undefined) throw new Error(`an exchange was answered with ${String(response.status)}`);
  return token;
}
