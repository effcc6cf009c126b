import { describe, expect, it } from '@jest/globals';
import { DirectoryFault } from './directory-fault.js';
import { MsalNetwork } from './msal-network.js';

async function heard(text: string, headers: Readonly<Record<string, string>> = {}): Promise<MsalNetwork> {
  const network = new MsalNetwork({ send: () => Promise.resolve({ status: 400, headers, text }) });
  await network.sendPostRequestAsync('https://login.test/');
  return network;
}

describe('MsalNetwork', () => {
  it('remembers the parts of an answer that are safe to log and to decide on', async () => {
    const body = {
      error: 'invalid_grant',
      suberror: 'basic_action',
      error_codes: [50013, 'x'],
      trace_id: 'a-b',
      claims: '{"x":1}',
    };
    const { last } = await heard(JSON.stringify({ ...body, access_token: 'secret' }), { 'retry-after': '7' });
    expect(last).toEqual({
      status: 400,
      retryAfter: '7',
      error: 'invalid_grant',
      suberror: 'basic_action',
      codes: [50013],
      traceId: 'a-b',
      claims: '{"x":1}',
    });
  });

  it.each([
    ['no JSON', 'certainly'],
    ['no object', '"{}"'],
    ['larger than any claims request', JSON.stringify({ x: 'x'.repeat(2_048) })],
  ])('passes claims on that are %s never', async (_, claims) => {
    expect((await heard(JSON.stringify({ claims }))).last?.claims).toBeNull();
  });

  it.each(['{"error":"two words"}', '{"error":7}', `{"error":"${'x'.repeat(65)}"}`])('shows nothing of %s', async (text) => {
    expect((await heard(text)).last?.error).toBeNull();
  });

  it.each(['<html>', '', 'null', '7'])('calls %j no JSON object', async (text) => {
    expect((await heard(text)).last?.error).toBe('not-json');
  });

  it('remembers why there was no answer', async () => {
    const fault = new DirectoryFault('unavailable', 'gone');
    const network = new MsalNetwork({ send: () => Promise.reject(fault) });
    await expect(network.sendGetRequestAsync('https://login.test/')).rejects.toBe(fault);
    expect(network.fault).toBe(fault);
  });
});
