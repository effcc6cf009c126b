import { appendFileSync, mkdtempSync, readFileSync, rmSync, statSync, writeFileSync } from 'node:fs';
import { createServer, type Server } from 'node:http';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, it } from '@jest/globals';
import { anchorAtUrl, anchoredIn, anchorInFile } from './checkpoint.anchor.js';

describe('A checkpoint outside of the database', () => {
  let home: string;
  let server: Server;
  let url: string;
  let answer: { readonly status: number; readonly location?: string };
  const received: { readonly headers: NodeJS.Dict<string | string[]>; readonly body: string; readonly path: string }[] = [];
  beforeEach(async () => {
    home = mkdtempSync(join(tmpdir(), 'countersign-anchor-'));
    answer = { status: 204 };
    received.length = 0;
    server = createServer((request, response) => {
      let body = '';
      request.on('data', (chunk: Buffer) => (body += chunk.toString()));
      request.on('end', () => {
        received.push({ headers: request.headers, body, path: request.url ?? '' });
        response.writeHead(answer.status, answer.location === undefined ? {} : { location: answer.location });
        response.end();
      });
    });
    await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
    const address = server.address();
    url = typeof address === 'object' && address !== null ? `http://127.0.0.1:${String(address.port)}/kept` : '';
  });
  afterEach(async () => {
    await new Promise((resolve) => server.close(resolve));
    rmSync(home, { recursive: true });
  });

  it('is a line at the end of a file, which nobody else may read', async () => {
    const file = join(home, 'checkpoints');
    await anchorInFile(file, 'a.b.c');
    await anchorInFile(file, 'd.e.f');
    expect(readFileSync(file, 'utf8')).toBe('a.b.c\nd.e.f\n');
    expect(statSync(file).mode & 0o077).toBe(0);
  });

  it('is read back without a line that was cut off', async () => {
    const file = join(home, 'checkpoints');
    await anchorInFile(file, 'a.b.c');
    appendFileSync(file, 'd.e');
    expect(await anchoredIn(file)).toEqual(['a.b.c']);
  });

  it('is sent with the bearer token of the moment, and counts once the other side says so', async () => {
    const bearerFile = join(home, 'token');
    writeFileSync(bearerFile, 'first\n');
    await anchorAtUrl({ url, bearerFile }, 'a.b.c');
    writeFileSync(bearerFile, 'second\n');
    await anchorAtUrl({ url, bearerFile }, 'd.e.f');
    expect(received.map(({ body, headers }) => [body, headers['authorization'], headers['content-type']])).toEqual([
      ['a.b.c', 'Bearer first', 'application/jose'],
      ['d.e.f', 'Bearer second', 'application/jose'],
    ]);
    answer = { status: 500 };
    await expect(anchorAtUrl({ url, bearerFile: null }, 'a.b.c')).rejects.toThrow('500');
  });

  it('follows nobody elsewhere', async () => {
    answer = { status: 307, location: '/elsewhere' };
    await expect(anchorAtUrl({ url, bearerFile: null }, 'a.b.c')).rejects.toThrow();
    expect(received.map(({ path }) => path)).toEqual(['/kept']);
  });
});
