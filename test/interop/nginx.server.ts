/** Debian's nginx with a configuration of ours, in a folder of its own and as an ordinary program. */
import { mkdirSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { freePort } from '#devkit/free-port.js';
import type { InteropWorld } from './interop.world.js';
import { type Server, startServer } from './programs.js';

export interface Site {
  /** What stands between the braces of `http`. */
  readonly http: string;
  /** How it says where it listens: the port is put there. */
  readonly listens: string;
  /** Further files beside the configuration, by name. */
  readonly files?: Readonly<Record<string, string>>;
}

export interface Front {
  readonly port: number;
  readonly server: Server;
}

/** @throws Error if the text does not say what is to be replaced: then it is not that text which is run */
export function replaced(text: string, by: Readonly<Record<string, string>>): string {
  return Object.entries(by).reduce((changed, [from, to]) => {
    if (!changed.includes(from)) throw new Error(`the configuration has no ${from}`);
    return changed.replaceAll(from, to);
  }, text);
}

export async function startNginx(nginx: string, world: InteropWorld, { http, listens, files = {} }: Site): Promise<Front> {
  const port = await freePort();
  const folder = join(world.folder, `nginx-${String(port)}`);
  mkdirSync(folder);
  for (const [name, content] of Object.entries(files)) writeFileSync(join(folder, name), content, { mode: 0o600 });
  const paths = ['client_body', 'proxy', 'fastcgi', 'uwsgi', 'scgi'].map((name) => `  ${name}_temp_path ${folder}/${name};`);
  const lines = [
    // Workers of a root's master have another user, who may not enter our folder.
    ...(process.getuid?.() === 0 ? ['user root;'] : []),
    'daemon off;',
    'worker_processes 1;',
    `pid ${folder}/pid;`,
    'error_log stderr warn;',
    'events {}',
    'http {',
    '  access_log off;',
    ...paths,
    replaced(http, { [listens]: `listen 127.0.0.1:${String(port)}` }),
    '}',
  ];
  const file = join(folder, 'nginx.conf');
  writeFileSync(file, lines.join('\n'));
  const server = await startServer(nginx, ['-p', folder, '-c', file, '-e', 'stderr'], [port]);
  return { port, server };
}
