// Asks the Key Vault stand-in, and Lowkey Vault where it can be had, the same things with Microsoft's own client, and says where
// they differ. Optional: needs the npm registry for the client; for Lowkey Vault also a JDK, Maven and its registry. What is not
// there is skipped with the reason. Ends non-zero where the stand-in does not answer as it must.
//   --lowkey VERSION (7.1.13; needs Java 25), --jar FILE: instead of fetching it
// The last line is one JSON object.
import { spawn, spawnSync } from 'node:child_process';
import { existsSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { createServer } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { setTimeout as wait } from 'node:timers/promises';
import { connect } from 'node:tls';
import { pathToFileURL } from 'node:url';
import { parseArgs } from 'node:util';
import './typescript-sources.mjs';
import { probes } from './vault-probes.mjs';

const CLIENT = '@azure/keyvault-keys@4.10.2';
const ARTIFACT = 'com.github.nagyesta.lowkey-vault:lowkey-vault-app';
/** Of this machine, where it has one. */
const JAVA = 'java';
const STARTS_WITHIN_MS = 90_000;
/** What the stand-in answers, by the public documentation of the service. */
const EXPECTED = {
  'an RSA key': 'RSA probe true 6',
  'an EC key': 'EC P-256 32 2',
  RS256: '256 true true false',
  PS256: '256 true true false',
  ES256: '64 true true false',
  'a misfit of algorithm and key': '400 BadParameter',
  wrapping: true,
  'versions over several pages': 31,
  'an old version': true,
  'disabling a version': false,
  'signing with a disabled version': '403 Forbidden KeyDisabled',
  'bringing in a key': 'RSA',
  'deleting it': true,
  'reading a deleted key': '404 KeyNotFound',
  'taking the name of a deleted key': '409 Conflict ObjectIsDeletedButRecoverable',
  'recovering it': true,
  'purging it': '404 KeyNotFound',
  'a key that never was': '404 KeyNotFound',
};

class Skipped extends Error {}

const { values: options } = parseArgs({ options: { lowkey: { type: 'string', default: '7.1.13' }, jar: { type: 'string' } } });
const home = mkdtempSync(join(tmpdir(), 'countersign-vault-check-'));

function run(command, args, why) {
  const { status, stdout, stderr, error } = spawnSync(command, args, { cwd: home, encoding: 'utf8', timeout: 180_000 });
  if (status === 0) return `${stdout}${stderr}`;
  throw new Skipped(error === undefined ? why : `${why} (${error.code})`);
}

async function microsoftClient() {
  writeFileSync(join(home, 'package.json'), '{"private":true}');
  run('npm', ['install', '--ignore-scripts', '--no-audit', '--no-fund', CLIENT], `${CLIENT} cannot be fetched`);
  const entry = join(home, 'node_modules/@azure/keyvault-keys/dist/esm/index.js');
  return import(pathToFileURL(entry).href);
}

async function ask({ KeyClient, CryptographyClient }, { url, ca, credential }) {
  const how = { disableChallengeResourceVerification: true, tlsOptions: { ca }, retryOptions: { maxRetries: 1 } };
  const keys = new KeyClient(url, credential, how);
  const cryptography = (id) => new CryptographyClient(id, credential, how);
  const answers = {};
  for (const [name, probe] of await probes({ keys, cryptography, prefix: `probe${Date.now()}` })) {
    answers[name] = await Promise.resolve()
      .then(probe)
      .catch((error) => `${error.statusCode ?? ''} ${error.code ?? ''} ${error.message}`.trim().slice(0, 120));
  }
  return answers;
}

async function askStandIn(client) {
  const { KeyVaultStandIn } = await import('../devkit/key-vault/key-vault-stand-in.ts');
  const { presentable } = await import('../devkit/key-vault/vault-caller.ts');
  const { SystemClock } = await import('../utilities/clock/system.clock.ts');
  const { selfSigned } = await import('../test/support/self-signed.ts');
  const tls = presentable(selfSigned());
  const vault = new KeyVaultStandIn({ clock: new SystemClock() });
  const { vaultUrl: url } = await vault.start({ tls });
  await vault.turn({ limits: null });
  const getToken = async () => ({ token: vault.issueToken(), expiresOnTimestamp: Date.now() + 3_600_000 });
  try {
    return await ask(client, { url, ca: tls.cert, credential: { getToken } });
  } finally {
    await vault.stop();
  }
}

function lowkeyJar() {
  if (options.jar !== undefined) return options.jar;
  run(JAVA, ['-version'], 'there is no Java');
  const artifact = `${ARTIFACT}:${options.lowkey}`;
  run(
    'mvn',
    ['-q', '-B', 'dependency:copy', `-Dartifact=${artifact}`, `-DoutputDirectory=${home}`],
    `Maven cannot fetch ${artifact}`,
  );
  return join(home, `lowkey-vault-app-${options.lowkey}.jar`);
}

async function askLowkey(client) {
  const jar = lowkeyJar();
  if (!existsSync(jar)) throw new Skipped(`there is no file ${jar}`);
  const port = await freePort();
  const server = spawn(JAVA, ['-jar', jar, `--server.port=${port}`], { stdio: 'ignore' });
  try {
    const ca = await certificateOf(port, server);
    const getToken = async () => ({ token: 'any', expiresOnTimestamp: Date.now() + 3_600_000 });
    return await ask(client, { url: `https://localhost:${port}`, ca, credential: { getToken } });
  } finally {
    server.kill();
  }
}

/** Waits for the server; what it shows then is trusted, since it is our own process on this machine. */
async function certificateOf(port, server) {
  for (const giveUpAt = Date.now() + STARTS_WITHIN_MS; Date.now() < giveUpAt; await wait(500)) {
    if (server.exitCode !== null) throw new Skipped('Lowkey Vault ends at its start; does this Java fit?');
    const certificate = await peerCertificate(port);
    if (certificate !== null) return certificate;
  }
  throw new Skipped('Lowkey Vault does not start in time');
}

function peerCertificate(port) {
  return new Promise((resolve) => {
    const socket = connect({ port, host: 'localhost', rejectUnauthorized: false }, () => {
      const { raw } = socket.getPeerCertificate();
      socket.end();
      resolve(
        `-----BEGIN CERTIFICATE-----\n${raw
          .toString('base64')
          .match(/.{1,64}/g)
          .join('\n')}\n-----END CERTIFICATE-----\n`,
      );
    });
    socket.on('error', () => resolve(null));
  });
}

function freePort() {
  return new Promise((resolve) => {
    const probe = createServer().listen(0, '127.0.0.1', () => {
      const { port } = probe.address();
      probe.close(() => resolve(port));
    });
  });
}

const differences = (expected, found) =>
  Object.entries(expected)
    .filter(([name, value]) => found[name] !== value)
    .map(([name, value]) => ({ name, standIn: value, other: found[name] }));

async function unlessSkipped(work) {
  try {
    return await work();
  } catch (error) {
    if (error instanceof Skipped) return { skipped: error.message };
    throw error;
  }
}

async function check() {
  const client = await microsoftClient();
  const answers = await askStandIn(client);
  const wrong = differences(EXPECTED, answers);
  const lowkey = await unlessSkipped(async () => {
    const found = differences(answers, await askLowkey(client));
    return { version: options.lowkey, agreed: Object.keys(answers).length - found.length, differences: found };
  });
  return { client: CLIENT, probes: Object.keys(answers).length, wrong, lowkey };
}

try {
  const result = await unlessSkipped(check);
  console.log(JSON.stringify(result));
  process.exitCode = result.wrong === undefined || result.wrong.length === 0 ? 0 : 1;
} finally {
  rmSync(home, { recursive: true, force: true });
}
