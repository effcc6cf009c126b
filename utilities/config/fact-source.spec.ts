import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import { isCodedError } from '#utilities/errors/coded-error.js';
import type { FactSourceSettings } from './contract.js';
import { parseSettings } from './settings.loader.js';

let folder = '';
beforeAll(() => {
  folder = mkdtempSync(join(tmpdir(), 'fact-sources-'));
  for (const name of ['kek', 'hr.url', 'token', 'flags.mjs']) writeFileSync(join(folder, name), 'x');
});
afterAll(() => rmSync(folder, { recursive: true }));

function read(sources: string, mode: 'serve' | 'dev' = 'serve'): readonly FactSourceSettings[] {
  const text = `
issuer: https://auth.example.com
database: { url: "postgres://app@db.internal:5432/countersign" }
keys: { keyEncryptionKeyFile: kek }
factSources:
${sources}`;
  return parseSettings(text, join(folder, 'countersign.yaml'), {}, mode).factSources;
}

function faultsOf(sources: string, mode: 'serve' | 'dev' = 'serve'): string {
  try {
    read(sources, mode);
  } catch (error) {
    if (isCodedError(error)) return error.details.actual ?? '';
    throw error;
  }
  return '';
}

const SQL = '  - { name: hr, kind: sql, urlFile: hr.url, query: "select 1", columns: { subject.level: level } }';

describe('settings of fact sources', () => {
  it('reads each kind, with its defaults and its files beside the settings', () => {
    const sources = read(`${SQL}
  - { name: crm, kind: http, url: "https://crm.internal/facts", bearerFile: token, cacheSeconds: 0, timeoutMs: 100 }
  - { name: flags, kind: openfeature, providerModule: flags.mjs }`);
    expect(sources).toEqual([
      {
        name: 'hr',
        kind: 'sql',
        urlFile: join(folder, 'hr.url'),
        query: 'select 1',
        parameters: ['tenant', 'subjectKey'],
        columns: { 'subject.level': 'level' },
        poolSize: 4,
        timeoutMs: 500,
        cacheSeconds: 30,
        validSeconds: 900,
      },
      {
        name: 'crm',
        kind: 'http',
        url: 'https://crm.internal/facts',
        bearerFile: join(folder, 'token'),
        timeoutMs: 100,
        cacheSeconds: 0,
        validSeconds: 900,
      },
      {
        name: 'flags',
        kind: 'openfeature',
        providerModule: join(folder, 'flags.mjs'),
        timeoutMs: 500,
        cacheSeconds: 30,
        validSeconds: 900,
      },
    ]);
  });

  it.each([
    ['a built-in name', SQL.replace('name: hr', 'name: db'), 'built-in source'],
    ['one name twice', `${SQL}\n${SQL}`, 'the same name as factSources[0]'],
    ['a file that is not there', SQL.replace('hr.url', 'absent'), 'factSources[0].urlFile: there is no readable file'],
    ['a path of the resource', SQL.replace('subject.level', 'resource.level'), 'expected paths: subject.NAME'],
    [
      'answers kept for longer than they hold',
      SQL.replace('query:', 'cacheSeconds: 60, validSeconds: 60, query:'),
      'more than cacheSeconds',
    ],
    ['http in the clear', '  - { name: crm, kind: http, url: "http://crm.internal/facts" }', 'expected https'],
    ['http on this host in production', '  - { name: crm, kind: http, url: "http://127.0.0.1/facts" }', 'expected https'],
    ['another scheme', '  - { name: crm, kind: http, url: "file:///etc/passwd" }', 'factSources[0].url'],
    [
      'a credential in the URL',
      '  - { name: crm, kind: http, url: "https://a:hunter2@crm.internal/" }',
      'put it into bearerFile',
    ],
    ['an unknown kind', '  - { name: crm, kind: ldap }', 'factSources[0].kind'],
  ])('refuses %s', (_title, sources, expected) => {
    const faults = faultsOf(sources);
    expect(faults).toContain(expected);
    expect(faults).not.toContain('hunter2');
  });

  it('takes http on this host in development', () => {
    expect(faultsOf('  - { name: crm, kind: http, url: "http://127.0.0.1:9/facts" }', 'dev')).toBe('');
  });
});
