import { hash } from 'node:crypto';
import { describe, expect, it } from '@jest/globals';
import type { AccessSearch } from '#managers/authorization/access-search.contract.js';
import { RecordedAccessSearch } from '#managers/authorization/recorded.access-search.js';
import { CodedError } from '#utilities/errors/coded-error.js';
import { AUDIENCE, buildHouse } from './authorization.house.js';
import { authenticated, check, context, issued, refusal } from './check.questions.js';

describe('A refused check', () => {
  it('has its record before the answer: who asked for what, and nothing of the token', async () => {
    const house = buildHouse();
    const { token, asking } = await issued(house);
    house.stored.revoked = { by: 'token', tokenId: 'whichever', of: null };
    house.records.length = 0;
    expect(await refusal(house, { ...asking, audience: AUDIENCE })).toBe('CHECK_TOKEN_INVALID');
    const client = await authenticated(house);
    await expect(house.manager.effectivePermissions(context, client, asking)).rejects.toMatchObject({
      code: 'CHECK_TOKEN_INVALID',
    });
    const subjectTokenSha256 = hash('sha256', token.split('.', 2).join('.'));
    const common = { outcome: 'refused', clientId: 'web', code: 'CHECK_TOKEN_INVALID', subjectTokenSha256 };
    expect(house.records).toMatchObject([
      { ...common, audience: AUDIENCE, detail: expect.stringMatching(/^check/) },
      { ...common, audience: null, detail: expect.stringMatching(/^effective permissions/) },
    ]);
    expect(JSON.stringify(house.records)).not.toContain(token.split('.')[1]);
  });

  it('is not answered where its record cannot be made', async () => {
    const record = (): Promise<void> => Promise.reject(new CodedError('AUDIT_UNAVAILABLE'));
    expect(await refusal(buildHouse({ audit: { record } }), { explain: true })).toBe('AUDIT_UNAVAILABLE');
  });

  it('is none where something here failed', async () => {
    const house = buildHouse();
    const { asking } = await issued(house);
    house.records.length = 0;
    const { consistencyToken: atLeastAsFresh } = await check(house, asking);
    house.stored.facts = { ...house.stored.facts, epoch: -1 };
    expect(await refusal(house, { ...asking, atLeastAsFresh })).toBe('CONSISTENCY_UNAVAILABLE');
    expect(house.records).toEqual([]);
  });
});

describe('Refused questions of AuthZEN', () => {
  it('have one record for each code, and those of searches theirs', async () => {
    const house = buildHouse();
    const client = await authenticated(house);
    const fault = new CodedError('CHECK_NOT_ALLOWED', { field: 'audience' });
    const decided = { decision: {}, policyVersion: '', consistencyToken: '', decisionId: '' };
    const inner = {
      evaluate: () => Promise.resolve([{ fault }, decided, { fault }]),
      subjects: () => Promise.reject(fault),
      actions: () => Promise.reject(new CodedError('STORE_UNAVAILABLE')),
    } as unknown as AccessSearch;
    const records: unknown[] = [];
    const auditAccess = { record: (_context: object, record: unknown) => Promise.resolve(void records.push(record)) };
    const search = new RecordedAccessSearch(inner, { auditAccess });
    const asked = { query: { audience: AUDIENCE } };
    expect(await search.evaluate(context, client, { items: [], until: 'end' })).toHaveLength(3);
    await expect(search.subjects(context, client, asked as never)).rejects.toBe(fault);
    await expect(search.actions(context, client, asked as never)).rejects.toMatchObject({ code: 'STORE_UNAVAILABLE' });
    expect(records).toMatchObject([
      { outcome: 'refused', code: 'CHECK_NOT_ALLOWED', clientId: 'web', audience: null, detail: 'evaluation' },
      { outcome: 'refused', code: 'CHECK_NOT_ALLOWED', clientId: 'web', audience: AUDIENCE, detail: 'search' },
    ]);
  });
});
