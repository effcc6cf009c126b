import { describe, expect, it } from '@jest/globals';
import { DefaultFailureSignatures } from '#utilities/failure-signatures/default.failure-signatures.js';
import { DefaultDiagnosisEngine } from './default.diagnosis.engine.js';
import { ENTRA_CAUSES } from './entra.reader.js';

const engine = new DefaultDiagnosisEngine({ signatures: new DefaultFailureSignatures() });

const TRACE = '0b1c2d3e-4f50-4a6b-8c7d-9e0f1a2b3c4d';
const CORRELATION = '1c2d3e4f-5061-4b7c-9d8e-0f1a2b3c4d5e';

/** As the token endpoint answers, with made-up ids. */
function entra(number: number, description: string, error = 'invalid_grant'): string {
  return JSON.stringify({
    error,
    error_description: `AADSTS${String(number)}: ${description} Trace ID: ${TRACE} Correlation ID: ${CORRELATION} Timestamp: 2026-11-20 12:00:00Z`,
    error_codes: [number],
    trace_id: TRACE,
    correlation_id: CORRELATION,
  });
}

const vault = (inner: string, message: string): string =>
  JSON.stringify({ error: { code: 'Forbidden', message, innererror: { code: inner } } });

describe('An error that is explained', () => {
  it.each([
    [
      entra(65001, 'The user or administrator has not consented to use the application'),
      'ENTRA_CONSENT_MISSING',
      'identity-provider',
    ],
    [entra(500131, 'Assertion audience does not match the Client app'), 'ENTRA_ASSERTION_AUDIENCE_MISMATCH', 'identity-provider'],
    [entra(7000215, 'Invalid client secret provided.', 'invalid_client'), 'ENTRA_SECRET_WRONG', 'identity-provider'],
    [entra(700213, 'No matching federated identity record found'), 'ENTRA_FEDERATED_CREDENTIAL_UNMATCHED', 'identity-provider'],
    ['InteractionRequiredAuthError: interaction_required: AADSTS50076: …', 'ENTRA_INTERACTION_REQUIRED', 'identity-provider'],
    ['{"error":"invalid_request","code":"TOKEN_AUDIENCE_MISMATCH"}', 'TOKEN_AUDIENCE_MISMATCH', 'countersign'],
    ['3 INVALID_ARGUMENT: The subject token has expired. (TOKEN_EXPIRED)', 'TOKEN_EXPIRED', 'countersign'],
    [vault('ForbiddenByFirewall', 'Client address: 203.0.113.7\r\n'), 'VAULT_FIREWALL_PUBLIC_ADDRESS', 'key-vault'],
    [vault('ForbiddenByFirewall', 'Client address: 10.0.3.9\r\n'), 'VAULT_FIREWALL_PRIVATE_ADDRESS', 'key-vault'],
    [vault('ForbiddenByRbac', 'Caller is not authorized'), 'VAULT_ROLE_MISSING', 'key-vault'],
    [vault('ForbiddenByConnection', 'Public network access is disabled'), 'VAULT_PUBLIC_ACCESS_DISABLED', 'key-vault'],
    ['HTTP/1.1 401\r\nwww-authenticate: Bearer error="invalid_token"', 'OAUTH_INVALID_TOKEN', 'unknown'],
    ['{"error":"use_dpop_nonce"}', 'OAUTH_DPOP_NONCE_WANTED', 'unknown'],
  ])('%s', (text, code, saidBy) => {
    const told = engine.explain(text);
    expect(told.causes[0]?.known.code).toBe(code);
    expect(told.saidBy).toBe(saidBy);
  });

  it('is told with the ids by which the other side finds it', () => {
    expect(engine.explain(entra(65001, 'x')).ids).toEqual({
      traceId: TRACE,
      correlationId: CORRELATION,
      timestamp: '2026-11-20 12:00:00Z',
    });
  });

  it('is told with each of its causes where one number has several, the likeliest first', () => {
    const causes = engine.explain(
      entra(50000, 'There was an error issuing a token or an issue with our sign-in service.'),
    ).causes;
    expect(causes.map(({ known }) => known.code)).toEqual(
      expect.arrayContaining(['ENTRA_SYMMETRIC_KEY_ON_API', 'ENTRA_WRONG_CLOUD']),
    );
    expect(causes.length).toBeGreaterThanOrEqual(6);
    const [first] = engine
      .explain(entra(50000, 'The password of the user is out of sync.'))
      .causes.filter(({ certainty }) => certainty === 'likely')
      .slice(-1);
    expect(first?.known.code).toBe('ENTRA_PASSWORD_OUT_OF_SYNC');
  });

  it('is told where the number is in no list, too', () => {
    expect(engine.explain('AADSTS999999: what nobody has seen').causes).toMatchObject([
      { known: { code: 'ENTRA_ERROR_UNLISTED' }, reading: 'AADSTS999999' },
    ]);
  });

  it('is not made up where nothing that is known is in the text', () => {
    for (const text of ['', 'hello', 'MY_OWN_CONSTANT', '{"status":"ok"}', '\u0000'])
      expect(engine.explain(text)).toEqual({ saidBy: 'unknown', causes: [], ids: {} });
  });

  it('never shows a token that stood in the text', () => {
    const token = `eyJhbGciOiJSUzI1NiJ9.${'QUJD'.repeat(60)}.${'c2ln'.repeat(20)}`;
    const told = JSON.stringify(
      engine.explain(`authorization: Bearer ${token}\n16 UNAUTHENTICATED: TOKEN_EXPIRED AADSTS500133 ${token}`),
    );
    expect(told).not.toContain(token.slice(0, 30));
    expect(told).not.toContain(token.slice(-30));
  });

  it.each([
    ['a long line of nothing', 'A'.repeat(1_000_000)],
    ['many words', 'A_B '.repeat(100_000)],
    ['open ends', '"error_codes":['.repeat(50_000)],
    ['spaces', `Public approved private link${' '.repeat(500_000)}`],
  ])('is read to an end: %s', (_name, text) => {
    expect(() => engine.explain(text)).not.toThrow();
  });
});

describe('What can be told', () => {
  it('is complete: every cause has evidence, a remedy and a source, and each code is there once', () => {
    const known = engine.known();
    for (const { code, cause, evidence, remedy, source } of known) {
      expect(code).toMatch(/^[A-Z][A-Z0-9]*(?:_[A-Z0-9]+)*$/);
      expect(Math.min(cause.length, evidence.length, source.length)).toBeGreaterThan(5);
      expect(remedy.length).toBeGreaterThan(0);
    }
    expect(new Set(known.map(({ code }) => code)).size).toBe(known.length);
  });

  it('has each number of Entra ID once, but for the one that says nothing by itself', () => {
    const numbers = ENTRA_CAUSES.flatMap((cause) => cause.numbers).filter((number) => number !== 50000);
    expect(new Set(numbers).size).toBe(numbers.length);
    expect(numbers.length).toBeGreaterThanOrEqual(120);
  });

  it.each(ENTRA_CAUSES.flatMap(({ code, numbers }) => numbers.map((number) => [number, code] as const)))(
    'AADSTS%s is told as %s',
    (number, code) => {
      expect(engine.explain(`AADSTS${String(number)}: x`).causes.map(({ known }) => known.code)).toContain(code);
    },
  );
});
