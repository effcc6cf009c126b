import { Metadata, credentials } from '@grpc/grpc-js';
import { createRemoteJWKSet, decodeJwt, decodeProtectedHeader, jwtVerify } from 'jose';
import { AuthServiceClient, type ExchangeTokenResponse } from '#protos/generated/countersign/auth/v1/auth.js';
import { CLAIM_NOTES } from './claim-notes.js';

export interface DemonstrationInput {
  /** Our issuer, where REST answers. */
  readonly issuer: string;
  readonly grpcAddress: string;
  readonly audience: string;
  readonly clientId: string;
  readonly clientSecret: string;
  /** A token of the stand-in identity provider for the subject. */
  readonly subjectToken: string;
}

const JWT_TYPE = 'urn:ietf:params:oauth:token-type:jwt';

/**
 * Does a real exchange over REST and one over gRPC, verifies both answers with nothing but the published keys, and tells what
 * is in them, line by line.
 *
 * @throws Error if an exchange fails or an issued token does not verify
 */
export async function demonstrate(input: DemonstrationInput): Promise<string[]> {
  const rest = await exchangeOverRest(input);
  const grpc = await exchangeOverGrpc(input);
  const keys = createRemoteJWKSet(new URL(`${input.issuer}/.well-known/jwks.json`));
  const expected = { issuer: input.issuer, audience: input.audience, typ: 'at+jwt', algorithms: ['ES256'] };
  await jwtVerify(rest, keys, expected);
  await jwtVerify(grpc, keys, expected);
  return [
    '── 1. The identity provider says who alice is (its token, the parts that matter) ──',
    ...subjectLines(input.subjectToken),
    '',
    '── 2. Exchanged over REST (POST /oauth2/token), verified against the published keys ──',
    ...tokenLines(rest),
    '',
    '── 3. Exchanged over gRPC (AuthService/ExchangeToken), verified against the published keys ──',
    ...tokenLines(grpc),
  ];
}

async function exchangeOverRest(input: DemonstrationInput): Promise<string> {
  const response = await fetch(`${input.issuer}/oauth2/token`, {
    method: 'POST',
    headers: { authorization: basic(input) },
    body: new URLSearchParams({
      grant_type: 'urn:ietf:params:oauth:grant-type:token-exchange',
      subject_token: input.subjectToken,
      subject_token_type: JWT_TYPE,
      audience: input.audience,
    }),
  });
  const answer = (await response.json()) as { access_token?: string; code?: string; error_description?: string };
  if (answer.access_token === undefined) throw new Error(`REST: ${answer.code ?? ''} ${answer.error_description ?? ''}`);
  return answer.access_token;
}

async function exchangeOverGrpc(input: DemonstrationInput): Promise<string> {
  const client = new AuthServiceClient(input.grpcAddress, credentials.createInsecure());
  const metadata = new Metadata();
  metadata.set('authorization', basic(input));
  const request = {
    subjectToken: input.subjectToken,
    subjectTokenType: JWT_TYPE,
    audience: [input.audience],
    resource: [],
    scope: '',
    requestedTokenType: '',
    actorToken: '',
    actorTokenType: '',
    tenant: '',
    impersonation: false,
  };
  try {
    const answer = await new Promise<ExchangeTokenResponse>((resolve, reject) => {
      client.exchangeToken(request, metadata, (error, response) => {
        if (error === null) resolve(response);
        else reject(error);
      });
    });
    return answer.accessToken;
  } finally {
    client.close();
  }
}

function basic(input: DemonstrationInput): string {
  return `Basic ${Buffer.from(`${encodeURIComponent(input.clientId)}:${encodeURIComponent(input.clientSecret)}`).toString('base64')}`;
}

function subjectLines(token: string): string[] {
  const claims = decodeJwt(token);
  const shown = ['iss', 'aud', 'tid', 'oid', 'azp', 'appid', 'scp', 'roles', 'ver'];
  return shown.filter((name) => name in claims).map((name) => line(name, claims[name]));
}

function tokenLines(token: string): string[] {
  const header = decodeProtectedHeader(token);
  const claims = decodeJwt(token);
  return [
    `  header ${JSON.stringify(header)}`,
    ...Object.entries(claims).map(([name, value]) => `${line(name, value).padEnd(72)}  ${CLAIM_NOTES[name] ?? ''}`.trimEnd()),
  ];
}

function line(name: string, value: unknown): string {
  return `  ${name.padEnd(12)} ${JSON.stringify(value)}`;
}
