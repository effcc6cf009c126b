import { describe, expect, it } from '@jest/globals';
import type { ClientOverview } from '#managers/administration/client-administration.contract.js';
import { CodedError } from '#utilities/errors/coded-error.js';
import { SilentLogger } from '../../test/support/silent.logger.js';
import { ClientWarningsTimer } from './client-warnings.timer.js';

const ids = { random: () => 'diagnostic', ordered: () => '' };
const client = (clientId: string, status: 'active' | 'disabled', warnings: readonly string[]): ClientOverview => ({
  clientId,
  kind: 'confidential',
  status,
  methods: [],
  secrets: [],
  warnings,
});

describe('The daily look at clients', () => {
  it('says what is weak about each active client', async () => {
    const logger = new SilentLogger();
    const all = [client('a', 'active', ['soon', 'weak']), client('b', 'disabled', ['soon']), client('c', 'active', [])];
    await new ClientWarningsTimer({ clients: { clients: () => Promise.resolve(all) }, ids, logger }).tick();
    expect(logger.lines).toEqual([
      { level: 'warn', event: 'client.warning', fields: { clientId: 'a', warning: 'soon', diagnosticId: 'diagnostic' } },
      { level: 'warn', event: 'client.warning', fields: { clientId: 'a', warning: 'weak', diagnosticId: 'diagnostic' } },
    ]);
  });

  it('says that it could not look, and throws nothing', async () => {
    const logger = new SilentLogger();
    const clients = { clients: () => Promise.reject(new CodedError('STORE_UNAVAILABLE')) };
    await new ClientWarningsTimer({ clients, ids, logger }).tick();
    const next = 'tried again tomorrow; countersign client list says the same; see the page of the code';
    const fields = { code: 'STORE_UNAVAILABLE', diagnosticId: 'diagnostic', next };
    expect(logger.lines).toEqual([{ level: 'error', event: 'client.warnings_failed', fields }]);
  });
});
