import { describe, expect, it } from '@jest/globals';
import type { DirectoryFault } from './directory-fault.js';
import { type LastAnswer, MsalNetwork } from './msal-network.js';
import { OutboundSender } from './outbound.sender.js';
import { tokenFault, type TokenPurpose } from './token-fault.js';

function network(last: Partial<LastAnswer> | null): MsalNetwork {
  const made = new MsalNetwork(new OutboundSender({ origins: new Set(), ca: null, timeoutMs: 1, maxBytes: 1 }));
  const calm = { status: 400, retryAfter: undefined, error: null, suberror: null, codes: [], traceId: null, claims: null };
  made.last = last === null ? null : { ...calm, ...last };
  return made;
}

const judge = (purpose: TokenPurpose, last: Partial<LastAnswer> | null, error: unknown = new Error('x')): DirectoryFault =>
  tokenFault(error, network(last), { purpose, now: 0 });

describe('why there is no token', () => {
  it.each<[TokenPurpose, Partial<LastAnswer>, string]>([
    // A refusal of the application can only be our own doing, whatever it is called.
    ['application', { error: 'invalid_grant' }, 'misconfigured'],
    ['application', { error: 'access_denied', status: 403 }, 'misconfigured'],
    ['application', { error: 'invalid_client', status: 401 }, 'misconfigured'],
    ['onBehalfOf', { error: 'invalid_client', status: 401 }, 'misconfigured'],
    ['onBehalfOf', { error: 'invalid_resource' }, 'misconfigured'],
    ['onBehalfOf', {}, 'misconfigured'],
    // What the subject's own token or standing leads to.
    ['onBehalfOf', { error: 'invalid_grant' }, 'refused'],
    ['onBehalfOf', { error: 'interaction_required', suberror: 'basic_action' }, 'refused'],
    ['onBehalfOf', { error: 'access_denied', status: 403 }, 'refused'],
    ['onBehalfOf', { error: 'something_new' }, 'refused'],
    // What may pass.
    ['application', { error: 'temporarily_unavailable' }, 'unavailable'],
    ['onBehalfOf', { error: 'invalid_grant', status: 429 }, 'unavailable'],
    ['application', { error: 'invalid_client', status: 500 }, 'unavailable'],
    ['application', { error: 'not-json', status: 200 }, 'unavailable'],
    ['application', { error: 'not_found', status: 404 }, 'misconfigured'],
    ['managedIdentity', { error: 'not_found', status: 404 }, 'unavailable'],
    ['managedIdentity', { error: 'updating', status: 410 }, 'unavailable'],
    ['managedIdentity', { error: 'invalid_request' }, 'misconfigured'],
  ])('%s, %j: %s', (purpose, last, kind) => {
    expect(judge(purpose, last)).toMatchObject({ kind });
  });

  it('is decided on no AADSTS number and no text', () => {
    const one = judge('onBehalfOf', { error: 'invalid_grant', codes: [7000215] }, new Error('invalid_client'));
    expect(one).toMatchObject({ kind: 'refused', message: expect.stringContaining('AADSTS7000215') });
  });

  it('passes Retry-After on', () => {
    expect(judge('application', { status: 429, retryAfter: '33' }).retryAfterSeconds).toBe(33);
  });

  it('names the library when it never asked, and quotes none of its messages', () => {
    const error = Object.assign(new Error('secret=hunter2'), { errorCode: 'invalid_client_credential' });
    expect(judge('application', null, error)).toMatchObject({
      kind: 'misconfigured',
      message: 'msal-node refused to ask for a token: invalid_client_credential',
    });
    expect(judge('application', null, Object.assign(new Error(), { errorCode: 'a b' })).message).toContain('unknown');
  });

  it('reads the status of a managed identity from the error, where the library used the network of another request', () => {
    const told = Object.assign(new Error(), { errorCode: 'updating', status: 410 });
    expect(judge('managedIdentity', null, told)).toMatchObject({ kind: 'unavailable' });
    const cut = Object.assign(new Error(), { errorCode: 'network_error' });
    expect(judge('managedIdentity', null, cut)).toMatchObject({ kind: 'unavailable' });
  });
});
