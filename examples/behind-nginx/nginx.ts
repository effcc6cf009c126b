/** nginx as Debian packages it, with the configuration beside this file and other ports in it. */
import { spawn, spawnSync } from 'node:child_process';
import { once } from 'node:events';
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { connect } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { setTimeout as pause } from 'node:timers/promises';
import { freePort } from '#devkit/free-port.js';
import { type Chain, type ChainOptions, startChain } from '../three-services/chain.js';
import { EDGE_CLIENT_ID } from '../three-services/registrations.js';

const environment = { ...process.env, PATH: `${process.env['PATH'] ?? ''}:/usr/sbin` };
const TEMPORARY = ['client_body', 'proxy', 'fastcgi', 'uwsgi', 'scgi'];
const STARTS_WITHIN_MS = 10_000;

/** Why it cannot be started; `undefined`: it can. */
export function whyNoNginx(): string | undefined {
  return spawnSync('nginx', ['-v'], { env: environment }).error === undefined ? undefined : 'there is no nginx (Debian: nginx)';
}

/** The three services, each reached through nginx alone. `front` of the answer is where nginx answers people. */
export async function startBehindNginx(options: ChainOptions): Promise<Chain> {
  const ports = new Map<string, string>();
  for (const fixed of ['7000', '7001', '7002']) ports.set(`127.0.0.1:${fixed}`, `127.0.0.1:${await freePort()}`);
  const [edge = '', orders = '', billing = ''] = ports.values();
  ports.set('127.0.0.1:8080', new URL(options.issuer).host);
  const inFrontOf = async (name: 'orders' | 'billing', address: string): Promise<string> => {
    ports.set(name === 'orders' ? '127.0.0.1:7101' : '127.0.0.1:7102', address);
    return Promise.resolve(name === 'orders' ? orders : billing);
  };
  const chain = await startChain({ ...options, inFrontOf });
  ports.set('127.0.0.1:7100', new URL(chain.front).host);
  const stopNginx = await startNginx(ports, options.secret);
  return {
    front: `http://${edge}`,
    stop: async () => {
      await stopNginx();
      await chain.stop();
    },
  };
}

async function startNginx(ports: ReadonlyMap<string, string>, secret: string): Promise<() => Promise<void>> {
  const home = mkdtempSync(join(tmpdir(), 'countersign-behind-nginx-'));
  const sample = readFileSync(join(import.meta.dirname, 'nginx.conf'), 'utf8').replaceAll(
    /127\.0\.0\.1:\d+/g,
    (address) => ports.get(address) ?? address,
  );
  const folders = TEMPORARY.map((name) => `${name}_temp_path ${home}/${name};`).join('\n');
  const own = `pid ${home}/pid;\ndaemon off;\nerror_log ${home}/error.log;\n`;
  writeFileSync(join(home, 'nginx.conf'), own + sample.replace('http {', `http {\naccess_log off;\n${folders}`));
  const pair = Buffer.from(`${EDGE_CLIENT_ID}:${encodeURIComponent(secret)}`).toString('base64');
  const credentials = `proxy_set_header X-Countersign-Gateway "Basic ${pair}";\n`;
  writeFileSync(join(home, 'edge-credentials.conf'), credentials, { mode: 0o600 });
  const child = spawn('nginx', ['-p', home, '-c', join(home, 'nginx.conf'), '-e', join(home, 'error.log')], {
    env: environment,
    stdio: 'ignore',
  });
  const ended = once(child, 'exit');
  const stop = async (): Promise<void> => {
    child.kill('SIGTERM');
    await ended;
    rmSync(home, { recursive: true, force: true });
  };
  const listening = [...ports].filter(([fixed]) => /:700\d$/.test(fixed)).map(([, address]) => address);
  for (const address of listening) {
    if (await answers(address, () => child.exitCode !== null)) continue;
    const log = readFileSync(join(home, 'error.log'), 'utf8');
    await stop();
    throw new Error(`nginx did not start: ${log}`);
  }
  return stop;
}

async function answers(address: string, isOver: () => boolean): Promise<boolean> {
  const [host = '', port = ''] = address.split(':');
  for (let waited = 0; waited < STARTS_WITHIN_MS && !isOver(); waited += 50) {
    const socket = connect(Number(port), host);
    const isOpen = await new Promise<boolean>((resolve) => {
      socket.once('connect', () => {
        resolve(true);
      });
      socket.once('error', () => {
        resolve(false);
      });
    });
    socket.destroy();
    if (isOpen) return true;
    await pause(50);
  }
  return false;
}
