import { expect, it } from '@jest/globals';
import { createPublicKey, type JsonWebKey } from 'node:crypto';
import { stageVerdict } from './jws-stage.js';
import { describeVectors } from './vector-files.js';

interface CookbookExample {
  readonly input: { readonly key: JsonWebKey & { readonly kid: string }; readonly alg: string };
  readonly output: { readonly compact?: string; readonly json?: unknown; readonly json_flat?: unknown };
}

/** File of RFC 7520 §4 to what becomes of its compact form; `undefined`: it has none. */
const EXAMPLES: Readonly<Record<string, string | undefined>> = {
  '4_1.rsa_v15_signature': 'accepted',
  '4_2.rsa-pss_signature': 'accepted',
  '4_3.ecdsa_signature': 'accepted',
  '4_4.hmac-sha2_integrity_protection': 'algorithm: HS256',
  '4_5.signature_with_detached_content': 'shape: the payload is empty or not canonical base64url',
  '4_6.protecting_specific_header_fields': undefined,
  '4_7.protecting_content_only': undefined,
  '4_8.multiple_signatures': undefined,
};

for (const [name, expected] of Object.entries(EXAMPLES)) {
  describeVectors(`RFC 7520 ${name}`, `jose-cookbook/jws/${name}.json`, (text, count) => {
    const { input, output } = JSON.parse(text) as CookbookExample;

    it('in compact form', () => {
      count('parser and signature');
      expect(output.compact === undefined ? undefined : stageVerdict(output.compact, { keys: [published(input)] })).toBe(
        expected,
      );
    });

    it('in JSON serialisations is refused', () => {
      for (const form of [output.json, output.json_flat]) {
        if (form !== undefined) expect(stageVerdict(JSON.stringify(form), { keys: [published(input)] })).toMatch(/^shape: /);
      }
    });
  });
}

/** The key as an issuer would publish it for this algorithm: the importer takes no private half. */
function published({ key, alg }: CookbookExample['input']): JsonWebKey {
  if (key.kty !== 'RSA' && key.kty !== 'EC') return key;
  return { ...createPublicKey({ key, format: 'jwk' }).export({ format: 'jwk' }), kid: key.kid, alg };
}
