import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { accessSync, constants, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { freePort, isFree } from '#devkit/free-port.js';
import { until } from '../support/until.js';
import type { SelfSigned } from '../support/self-signed.js';

/** One server of nginx: what follows the address at `listen`, and what is in its braces. */
export interface NginxServer {
  readonly listen?: '' | 'http2' | 'ssl' | 'ssl http2';
  readonly body: string;
}

export interface Nginx<Name extends string> {
  /** `host:port` of each. */
  readonly at: Readonly<Record<Name, string>>;
  /** What its error log says by now. */
  log(): string;
  stop(): Promise<void>;
}

const TEMPORARY = ['client_body', 'proxy', 'fastcgi', 'uwsgi', 'scgi'];
const PLACES = ['/usr/sbin', '/usr/bin', '/usr/local/sbin', '/usr/local/bin', '/opt/homebrew/bin'];

/** The installed program; `undefined`: none (Debian: the package of that name). */
export function findProgram(name: string): string | undefined {
  const folders = [...(process.env['PATH'] ?? '').split(':'), ...PLACES];
  return folders.map((folder) => join(folder, name)).find(isExecutable);
}

function isExecutable(file: string): boolean {
  try {
    accessSync(file, constants.X_OK);
    return true;
  } catch {
    return false;
  }
}

/** One process, on ports of its own, with all its files in a folder that goes with it. Everywhere, `CLIENTS` stands for a file with this certificate. */
export async function startNginx<Name extends string>(
  servers: Readonly<Record<Name, NginxServer>>,
  { certificate, http = '' }: { readonly certificate: SelfSigned; readonly http?: string },
): Promise<Nginx<Name>> {
  const program = findProgram('nginx');
  if (program === undefined) throw new Error('nginx is not installed');
  const folder = mkdtempSync(join(tmpdir(), 'countersign-nginx-'));
  const file = (name: string): string => join(folder, name);
  writeFileSync(file('certificate'), certificate.certificate);
  writeFileSync(file('key'), certificate.privateKey, { mode: 0o600 });
  const names = Object.keys(servers) as Name[];
  const at = {} as Record<Name, string>;
  for (const name of names) at[name] = `127.0.0.1:${await freePort()}`;
  const blocks = names.map((name) => {
    const { listen = 'http2', body } = servers[name];
    const own = listen.startsWith('ssl') ? `ssl_certificate ${file('certificate')}; ssl_certificate_key ${file('key')};` : '';
    return `server { listen ${at[name]} ${listen}; ${own} ${body.replaceAll('CLIENTS', file('certificate'))} }`;
  });
  const configuration = [
    'daemon off; master_process off; worker_processes 1;',
    `pid ${file('pid')}; error_log ${file('log')} info;`,
    'events { worker_connections 256; }',
    `http { access_log off; ${http}`,
    ...TEMPORARY.map((name) => `${name}_temp_path ${file(name)};`),
    ...blocks,
    '}',
  ];
  writeFileSync(file('configuration'), configuration.join('\n'));
  const nginx = spawn(program, ['-p', folder, '-c', file('configuration'), '-e', file('log')], { stdio: 'ignore' });
  const ended = once(nginx, 'exit');
  const kill = (): boolean => nginx.kill('SIGKILL');
  process.once('exit', kill);
  const log = (): string => readFileSync(file('log'), 'utf8');
  const [one = ''] = Object.values<string>(at);
  await until('nginx listens', async () => {
    if (nginx.exitCode !== null) throw new Error(`nginx does not start: ${log()}`);
    return !(await isFree(Number(one.slice(one.indexOf(':') + 1))));
  });
  return {
    at,
    log,
    stop: async () => {
      process.off('exit', kill);
      nginx.kill('SIGTERM');
      await ended;
      rmSync(folder, { recursive: true, force: true });
    },
  };
}
