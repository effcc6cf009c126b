// What is asked of a vault by Microsoft's own client: each probe answers something small that can be compared between vaults.
import { createHash, generateKeyPairSync, randomBytes } from 'node:crypto';

const DIGEST = createHash('sha256').update('x').digest();
const POLL = { intervalInMs: 10 };

/** The refusal that is expected, in the parts that tell refusals apart. */
async function refusal(work) {
  try {
    await work();
    return 'no refusal';
  } catch (error) {
    return [error.statusCode, error.code, error.details?.error?.innerError?.code].join(' ').trim();
  }
}

async function made(keys, prefix) {
  const rsa = await keys.createRsaKey(`${prefix}-rsa`, { keySize: 2048, tags: { use: 'probe' } });
  const ec = await keys.createEcKey(`${prefix}-ec`, { curve: 'P-256' });
  return { rsa, ec };
}

function privateJwk() {
  const jwk = generateKeyPairSync('rsa', { modulusLength: 2048 }).privateKey.export({ format: 'jwk' });
  return Object.fromEntries(
    Object.entries(jwk).map(([name, value]) => [name, name === 'kty' ? value : Buffer.from(value, 'base64url')]),
  );
}

/** In order: later probes use what earlier ones made. `prefix` keeps the names of one run apart. */
export async function probes({ keys, cryptography, prefix }) {
  const { rsa, ec } = await made(keys, prefix);
  const signing = async (key, algorithm) => {
    const client = cryptography(key.id);
    const { result, keyID } = await client.sign(algorithm, DIGEST);
    const altered = Buffer.from(result);
    altered[5] ^= 1;
    const verdicts = [await client.verify(algorithm, DIGEST, result), await client.verify(algorithm, DIGEST, altered)];
    return [result.length, keyID === key.id, ...verdicts.map((verdict) => verdict.result)].join(' ');
  };
  const imported = `${prefix}-imported`;
  return [
    ['an RSA key', () => [rsa.keyType, rsa.properties.tags?.use, rsa.properties.enabled, rsa.keyOperations.length].join(' ')],
    ['an EC key', () => [ec.keyType, ec.key.crv, ec.key.x.length, ec.keyOperations.length].join(' ')],
    ['RS256', () => signing(rsa, 'RS256')],
    ['PS256', () => signing(rsa, 'PS256')],
    ['ES256', () => signing(ec, 'ES256')],
    ['a misfit of algorithm and key', () => refusal(() => cryptography(ec.id).sign('RS256', DIGEST))],
    ['wrapping', () => wrapping(cryptography(rsa.id))],
    ['versions over several pages', () => versions(keys, ec.name)],
    ['an old version', async () => (await keys.getKey(ec.name, { version: ec.properties.version })).id === ec.id],
    ['disabling a version', () => disabling(keys, ec)],
    ['signing with a disabled version', () => refusal(() => cryptography(ec.id).sign('ES256', DIGEST))],
    ['bringing in a key', async () => (await keys.importKey(imported, privateJwk())).keyType],
    ['deleting it', async () => (await (await keys.beginDeleteKey(imported, POLL)).pollUntilDone()).name === imported],
    ['reading a deleted key', () => refusal(() => keys.getKey(imported))],
    ['taking the name of a deleted key', () => refusal(() => keys.createRsaKey(imported, { keySize: 2048 }))],
    ['recovering it', async () => (await (await keys.beginRecoverDeletedKey(imported, POLL)).pollUntilDone()).name === imported],
    ['purging it', () => purging(keys, imported)],
    ['a key that never was', () => refusal(() => keys.getKey(`${prefix}-none`))],
  ];
}

async function wrapping(client) {
  const secret = randomBytes(32);
  const { result } = await client.wrapKey('RSA-OAEP-256', secret);
  return Buffer.from((await client.unwrapKey('RSA-OAEP-256', result)).result).equals(secret);
}

async function versions(keys, name) {
  for (let count = 0; count < 30; count += 1) await keys.rotateKey(name);
  const seen = new Set();
  for await (const { version } of keys.listPropertiesOfKeyVersions(name)) seen.add(version);
  return seen.size;
}

async function disabling(keys, { name, properties }) {
  return (await keys.updateKeyProperties(name, properties.version, { enabled: false })).properties.enabled;
}

async function purging(keys, name) {
  await (await keys.beginDeleteKey(name, POLL)).pollUntilDone();
  await keys.purgeDeletedKey(name);
  return refusal(() => keys.getDeletedKey(name));
}
