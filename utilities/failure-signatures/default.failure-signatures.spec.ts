import { describe, expect, it } from '@jest/globals';
import fc from 'fast-check';
import { ErrorInfo } from '#protos/generated/google/rpc/error_details.js';
import { Status } from '#protos/generated/google/rpc/status.js';
import type { FailureSymptom } from './contract.js';
import { DefaultFailureSignatures } from './default.failure-signatures.js';
import { STATUS_NAMES } from './status-names.js';

const signatures = new DefaultFailureSignatures();
const codesOf = (symptom: FailureSymptom): readonly string[] => signatures.match(symptom).map(({ signature }) => signature.code);
const first = (symptom: FailureSymptom): string | undefined => codesOf(symptom)[0];

function refusal(domain: string): Buffer {
  const info = ErrorInfo.encode({ reason: 'TOKEN_EXPIRED', domain, metadata: { diagnostic_id: 'd' } }).finish();
  const details = [
    { typeUrl: 'type.googleapis.com/google.rpc.Help', value: Buffer.from([0x0a, 0x00]) },
    { typeUrl: 'type.googleapis.com/google.rpc.ErrorInfo', value: Buffer.from(info) },
  ];
  return Buffer.from(Status.encode({ code: 16, message: 'expired', details }).finish());
}

describe('Failure signatures as data', () => {
  it('have codes of their own, a remedy, a next command and a source', () => {
    const codes = signatures.all.map(({ code }) => code);
    expect(new Set(codes).size).toBe(codes.length);
    for (const signature of signatures.all) {
      expect(signature.code).toMatch(/^[A-Z][A-Z0-9]*(_[A-Z0-9]+)*$/);
      expect(signature.code.length).toBeLessThanOrEqual(63);
      for (const text of [signature.cause, signature.evidence, signature.next, signature.source])
        expect(text.trim()).not.toBe('');
      expect(signature.remedy.length).toBeGreaterThan(0);
      expect(signature.remedy.every((step) => step.trim() !== '')).toBe(true);
      expect(signature.when.length).toBeGreaterThan(0);
    }
  });

  it('name neighbours and statuses that exist, and never themselves', () => {
    const codes = signatures.all.map(({ code }) => code);
    for (const { code, neighbours, when } of signatures.all) {
      const named = Object.keys(neighbours);
      expect(named.filter((each) => !codes.includes(each) || each === code)).toEqual([]);
      expect(when.flatMap(({ status = [] }) => status).filter((name) => !STATUS_NAMES.includes(name))).toEqual([]);
    }
  });

  it('have no condition that anything meets', () => {
    const { length } = signatures.match({ details: '' });
    expect(length).toBe(0);
    for (const code of STATUS_NAMES.keys()) expect(codesOf({ code, details: 'something else' })).toEqual([]);
    for (const { when } of signatures.all)
      for (const {
        certainty: _certainty,
        status: _status,
        channel: _channel,
        channelNot: _channelNot,
        saysNot: _saysNot,
        ...rest
      } of when)
        expect(Object.keys(rest).length).toBeGreaterThan(0);
  });

  it('are plain data', () => {
    expect(JSON.parse(JSON.stringify(signatures.all))).toEqual(signatures.all);
  });
});

describe('Matching a symptom', () => {
  it('has one meaning for each status of HTTP', () => {
    for (let http = 100; http < 600; http += 1) {
      const certain = signatures
        .match({ details: `Received HTTP status code ${http}` })
        .filter(({ certainty }) => certainty !== 'possible')
        .map(({ signature }) => signature.code);
      expect(certain).toEqual([expect.any(String)]);
    }
  });

  it('tells what is certain before what is only possible', () => {
    const symptom = { code: 14, details: 'No connection established. Last error: Failed to connect (2026-11-20T15:51:52.348Z)' };
    expect(codesOf(symptom)).toEqual(['PLAINTEXT_ON_TLS', 'TLS_CLIENT_CERTIFICATE_REFUSED']);
    expect(codesOf({ ...symptom, channel: 'tls' })).toEqual(['TLS_CLIENT_CERTIFICATE_REFUSED']);
    expect(codesOf({ ...symptom, channel: 'plaintext' })).toEqual(['PLAINTEXT_ON_TLS']);
    const page = { code: 14, details: 'No connection established. Last error: Protocol error (2026-11-20T15:51:52.348Z)' };
    expect(codesOf(page)).toEqual(['H1_LISTENER', 'PLAINTEXT_ON_TLS']);
  });

  it('does not take a text for what another status says', () => {
    expect(codesOf({ code: 13, details: 'Forbidden resource' })).toEqual([]);
    expect(codesOf({ code: 2, details: 'Forbidden resource, really' })).toEqual([]);
    expect(first({ code: 2, details: 'Forbidden resource' })).toBe('NEST_UNMAPPED');
  });

  it.each([
    ['1752460652', 'HTML_INSTEAD_OF_GRPC', 'html'],
    ['558124867', 'HTML_INSTEAD_OF_GRPC', '!DOC'],
    ['577073778', 'TEXT_INSTEAD_OF_GRPC', '"err'],
    ['5242880', 'MESSAGE_TOO_LARGE', null],
    ['4294967295', 'MESSAGE_TOO_LARGE', null],
    ['9999999999', 'MESSAGE_TOO_LARGE', null],
  ])('reads a message of %s bytes as %s', (length, code, reading) => {
    const [best] = signatures.match({ code: 8, details: `Received message larger than max (${length} vs 4194304)` });
    expect(best).toMatchObject({ signature: { code }, reading });
  });

  it('says which HTTP status and which code of RST_STREAM it read', () => {
    expect(signatures.match({ code: 12, details: 'Received HTTP status code 404' })[0]?.reading).toBe('HTTP 404');
    expect(signatures.match({ code: 13, details: 'Received RST_STREAM with code 9' })[0]?.reading).toBe('RST_STREAM 9');
    expect(first({ code: 13, details: 'Received RST_STREAM with code 90' })).not.toBe('HDR_OVER_NODE_LIMIT');
    expect(codesOf({ code: 2, details: 'Received HTTP status code 4040' })).toEqual([]);
  });

  it('tells ALPN that agreed on nothing, and metadata that was lost, by what was seen', () => {
    expect(first({ details: '', alpn: false })).toBe('ALPN_MISSING');
    expect(codesOf({ details: '', alpn: 'h2' })).toEqual([]);
    const [lost] = signatures.match({
      details: '',
      sent: ['Authorization', 'x_app_role'],
      arrived: ['authorization', 'user-agent'],
    });
    expect(lost).toMatchObject({ signature: { code: 'HOP_DROPS_METADATA' }, reading: 'x_app_role' });
    expect(codesOf({ details: '', sent: ['a'] })).toEqual([]);
  });

  it('reads 64 KiB and not more, in a time that grows with them alone', () => {
    expect(codesOf({ details: `${'x'.repeat(64 * 1024)}ECONNREFUSED` })).toEqual([]);
    expect(codesOf({ details: `${'Received HTTP status code '.repeat(400_000)}401` })).toEqual([]);
  });

  it('takes anything', () => {
    const symptoms = fc.record(
      {
        code: fc.oneof(fc.integer(), fc.double()),
        details: fc.oneof(fc.string({ unit: 'binary' }), fc.string()),
        metadata: fc.dictionary(
          fc.constantFrom('grpc-status-details-bin', 'x'),
          fc.oneof(fc.uint8Array({ maxLength: 300 }), fc.string()),
        ),
        alpn: fc.oneof(fc.constant<false>(false), fc.string()),
        sent: fc.array(fc.string()),
        arrived: fc.array(fc.string()),
      },
      { requiredKeys: ['details'] },
    );
    fc.assert(
      fc.property(symptoms, (symptom) => {
        signatures.match(symptom);
        signatures.whoSaidNo(signatures.symptomOf(symptom.details));
      }),
      { numRuns: 500 },
    );
  });
});

describe('Who said no', () => {
  it.each([
    [
      'own-service',
      { code: 16, details: 'expired', metadata: { 'grpc-status-details-bin': refusal('example') }, ownDomain: 'example' },
    ],
    [
      'other-service',
      { code: 16, details: 'expired', metadata: { 'grpc-status-details-bin': refusal('other') }, ownDomain: 'example' },
    ],
    ['other-service', { code: 16, details: 'expired', metadata: { 'grpc-status-details-bin': refusal('other') } }],
    ['intermediary', { code: 16, details: 'Received HTTP status code 401' }],
    ['transport', { code: 14, details: 'No connection established. Last error: Error: connect ECONNREFUSED 127.0.0.1:1' }],
    ['transport', { code: 4, details: 'Deadline exceeded after 0.600s,Waiting for LB pick' }],
    ['caller', { code: 2, details: 'Getting metadata from plugin failed with error: fetch failed' }],
    ['unknown', { code: 5, details: 'no such thing' }],
  ] as const)('%s', (who, symptom) => {
    expect(signatures.whoSaidNo(symptom)).toBe(who);
  });

  it('believes the details before the text, as base64 too, and reads the reason', () => {
    const metadata = { 'grpc-status-details-bin': refusal('example').toString('base64') };
    const [best] = signatures.match({ code: 14, details: 'Received HTTP status code 503', metadata, ownDomain: 'example' });
    expect(best).toMatchObject({ signature: { code: 'SERVICE_SAID_NO' }, reading: 'example: TOKEN_EXPIRED' });
  });

  it('takes no broken details for details', () => {
    const whole = refusal('example');
    for (let length = 0; length < whole.length; length += 1) {
      const cut = {
        code: 16,
        details: 'x',
        metadata: { 'grpc-status-details-bin': whole.subarray(0, length) },
        ownDomain: 'example',
      };
      expect(signatures.whoSaidNo(cut)).not.toBe('own-service');
    }
  });
});

describe('Reading what people paste', () => {
  it.each([
    ['14 UNAVAILABLE: Name resolution failed for target dns:nothing.invalid:443', 14, 'DNS'],
    ['Error: 12 UNIMPLEMENTED: Received HTTP status code 404', 12, 'HOP_404'],
    ['ERROR:\n  Code: Unimplemented\n  Message: Received HTTP status code 404', 12, 'HOP_404'],
    ['rpc error: code = Unavailable desc = credentials: cannot check peer: missing selected ALPN property', 14, 'ALPN_MISSING'],
    ['status = StatusCode.UNIMPLEMENTED details = "Received HTTP status code 404"', 12, 'HOP_404'],
    ['curl: (6) Could not resolve host: nothing.invalid', undefined, 'DNS'],
    ['Metadata string value "Bearer x\n" contains illegal characters', undefined, 'CALLER_TOKEN_CHARACTERS'],
    ['14 NOT_FOUND: Received HTTP status code 404', undefined, 'HOP_404'],
  ])('%j', (text, code, expected) => {
    const symptom = signatures.symptomOf(text);
    expect(symptom.code).toBe(code);
    expect(first(symptom)).toBe(expected);
  });
});
