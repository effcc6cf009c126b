import { describe, expect, it } from '@jest/globals';
import { NoneDirectoryAccess } from './none.directory.access.js';

describe('NoneDirectoryAccess', () => {
  it('says that it cannot tell, rather than that there are no groups', async () => {
    const subject = { kind: 'user', issuer: 'contoso', instance: 'entra:public:t', externalId: 'o', token: 'x.y.z' } as const;
    const context = { diagnosticId: 'd', transport: 'rest' } as const;
    expect(await new NoneDirectoryAccess().groupsOf(context, subject, ['g'])).toMatchObject({ status: 'unresolved' });
  });
});
