import { mkdtempSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, expect, it } from '@jest/globals';
import { asOwner } from '../../support/as-owner.js';
import { basic, exchangeForm, post } from '../../support/callers.js';
import { describeOnPostgres, type TestDatabase } from '../../support/database.js';
import { PORTAL_CLIENT_ID, startService, type TestService } from '../../support/service.js';
import { until } from '../../support/until.js';

const CANARY = 'canary-7f3a91';

describeOnPostgres('CVE-2024-8365: tokens and secrets in the audit trail', (open) => {
  let opened: TestDatabase;
  let service: TestService;
  const home = mkdtempSync(join(tmpdir(), 'countersign-canary-'));
  const anchorFile = join(home, 'checkpoints');
  beforeAll(async () => {
    opened = await open();
    const audit = { retentionDays: null, anchor: { file: anchorFile, url: null, bearerFile: null }, spool: null };
    service = await startService({ database: opened.settings, settings: { audit } });
  }, 60_000);
  afterAll(async () => {
    await service.stop();
    rmSync(home, { recursive: true });
  });

  it('are in no record, no checkpoint and no file, in no spelling', async () => {
    const authorization = basic(PORTAL_CLIENT_ID, service.secret);
    const subjectToken = service.identityProvider.issue({ persona: 'alice' });
    const issued = await post(service.host, exchangeForm(subjectToken), { authorization });
    expect(issued.status).toBe(200);
    const [header = '', payload = '', signature = ''] = subjectToken.split('.');
    const broken = [
      `${header}.${payload}.${CANARY}`,
      `${header}.${Buffer.from(CANARY).toString('base64url')}.${signature}`,
      CANARY,
      `${subjectToken}.${CANARY}`,
    ];
    for (const token of broken) {
      const refused = await post(service.host, exchangeForm(token), { authorization });
      expect(refused.status).toBeGreaterThanOrEqual(400);
    }
    const more = { actor_token: CANARY, actor_token_type: 'urn:ietf:params:oauth:token-type:jwt', client_secret: CANARY };
    await post(service.host, exchangeForm(subjectToken, more), { authorization });
    await post(service.host, exchangeForm(subjectToken), { authorization: basic(PORTAL_CLIENT_ID, CANARY) });
    await until('checkpoints are outside', () => {
      try {
        return readFileSync(anchorFile, 'utf8').length > 0;
      } catch {
        return false;
      }
    });

    const rows = await Promise.all(
      ['audit_record', 'audit_checkpoint', 'audit_unsealed', 'decision'].map((table) =>
        asOwner(opened.database, `select t::text as row, to_jsonb(t)::text as json from ${table} t`),
      ),
    );
    expect(rows[0]?.length).toBeGreaterThan(4);
    const written = `${JSON.stringify(rows)}\n${readFileSync(anchorFile, 'utf8')}`;
    const accessToken = String(issued.body['access_token']);
    const secrets = [CANARY, service.secret, payload, signature, ...accessToken.split('.').slice(1)];
    for (const secret of secrets) {
      for (const spelling of [
        secret,
        Buffer.from(secret).toString('base64'),
        Buffer.from(secret).toString('base64url'),
        Buffer.from(secret).toString('hex'),
      ])
        expect(written.includes(spelling.replace(/=+$/, ''))).toBe(false);
    }
  });
});
