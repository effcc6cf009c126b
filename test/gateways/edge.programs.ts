import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { createServer, type IncomingHttpHeaders, type Server } from 'node:http';
import type { AddressInfo } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { freePort } from '#devkit/free-port.js';
import { Skipped } from '../interop/outcome.js';
import { program, startServer } from '../interop/programs.js';

const SAMPLES = join(import.meta.dirname, '../../deploy/gateways');

/** Where the program is; `null`: it is not installed, which is printed once. */
export function installed(name: 'nginx' | 'haproxy'): string | null {
  try {
    return program(name, name);
  } catch (error) {
    if (!(error instanceof Skipped)) throw error;
    process.stdout.write(`gateways: skipped ${name}: ${error.message}\n`);
    return null;
  }
}

interface Seen {
  readonly method: string;
  readonly url: string;
  readonly headers: IncomingHttpHeaders;
}

/** What stands behind a gateway, and remembers what reached it. */
export class Application {
  readonly seen: Seen[] = [];
  private readonly server: Server = createServer(({ method = '', url = '', headers }, response) => {
    this.seen.push({ method, url, headers });
    response.end('reached');
  });

  async start(): Promise<number> {
    await new Promise<void>((resolve) => this.server.listen(0, '127.0.0.1', resolve));
    return (this.server.address() as AddressInfo).port;
  }

  stop(): void {
    this.server.closeAllConnections();
    this.server.close();
  }
}

export interface Edge {
  readonly url: string;
  stop(): Promise<void>;
}

interface Behind {
  /** Of Countersign, REST. */
  readonly countersign: string;
  readonly application: number;
  /** `authorization` of the client that the gateway is. */
  readonly credentials: string;
}

/** The sample configuration, with other ports and folders. */
export async function startNginx(nginx: string, { countersign, application, credentials }: Behind): Promise<Edge> {
  const home = mkdtempSync(join(tmpdir(), 'countersign-nginx-'));
  const port = await freePort();
  const folders = ['client_body', 'proxy', 'fastcgi', 'uwsgi', 'scgi'].map((name) => `${name}_temp_path ${home}/${name};`);
  const sample = readFileSync(join(SAMPLES, 'nginx/nginx.conf'), 'utf8')
    .replace('127.0.0.1:8080', new URL(countersign).host)
    .replace('127.0.0.1:3000', `127.0.0.1:${String(application)}`)
    .replace('127.0.0.1:8000', `127.0.0.1:${String(port)}`)
    .replace('worker_processes auto;', `worker_processes 1;\npid ${home}/pid;\ndaemon off;`)
    .replace('http {', `http {\naccess_log off;\n${folders.join('\n')}`);
  const file = join(home, 'nginx.conf');
  writeFileSync(file, sample);
  writeFileSync(join(home, 'countersign-gateway.conf'), `proxy_set_header X-Countersign-Gateway "${credentials}";`);
  return edge(await startServer(nginx, ['-p', home, '-c', file, '-e', join(home, 'error.log')], [port]), { home, port });
}

/** The sample configuration, with other ports. */
export async function startHaproxy(haproxy: string, { countersign, application, credentials }: Behind): Promise<Edge> {
  const home = mkdtempSync(join(tmpdir(), 'countersign-haproxy-'));
  const port = await freePort();
  const sample = readFileSync(join(SAMPLES, 'haproxy/forward-auth.cfg'), 'utf8')
    .replace('/etc/haproxy/countersign.lua', join(SAMPLES, 'haproxy/countersign.lua'))
    .replace('127.0.0.1:3000', `127.0.0.1:${String(application)}`)
    .replace('127.0.0.1:8000', `127.0.0.1:${String(port)}`);
  const file = join(home, 'haproxy.cfg');
  writeFileSync(file, sample);
  const variables = [`COUNTERSIGN_URL=${countersign}`, `COUNTERSIGN_GATEWAY=${credentials}`];
  return edge(await startServer('/usr/bin/env', [...variables, haproxy, '-db', '-f', file], [port]), { home, port });
}

function edge(server: Awaited<ReturnType<typeof startServer>>, at: { readonly home: string; readonly port: number }): Edge {
  return {
    url: `http://127.0.0.1:${String(at.port)}`,
    stop: async () => {
      await server.stop();
      rmSync(at.home, { recursive: true, force: true });
    },
  };
}
