/** Before any measurement: a server that accepts a forged or ended token does not do the work that is measured. */
import { connect } from 'node:http2';
import type { IncomingHttpHeaders } from 'node:http2';
import { grpcHeaders, prepareGrpcRequest } from './grpc.load.js';
import type { LoadSubjects, Protocol } from './load.contract.js';

const expected = {
  rest: { accepted: '200', refused: '400' },
  grpc: { accepted: '0', refused: '3' },
} as const;

/** The faults found, in words. */
export async function answerFaults(protocol: Protocol, port: number, world: LoadSubjects): Promise<string[]> {
  const ask = protocol === 'rest' ? restStatus : callStatus;
  const faults: string[] = [];
  const accepted = await ask(port, world.subjects[0]?.token ?? '', world);
  if (accepted.split(' ')[0] !== expected[protocol].accepted) faults.push(`a good token was answered with ${accepted}`);
  for (const { why, token } of world.refused) {
    const refused = await ask(port, token, world);
    if (refused.split(' ')[0] !== expected[protocol].refused) faults.push(`a token that is ${why} was answered with ${refused}`);
  }
  return faults;
}

async function restStatus(port: number, token: string, world: LoadSubjects): Promise<string> {
  const credentials = Buffer.from(`${encodeURIComponent(world.clientId)}:${encodeURIComponent(world.clientSecret)}`).toString(
    'base64',
  );
  const response = await fetch(`http://127.0.0.1:${String(port)}/oauth2/token`, {
    method: 'POST',
    headers: { authorization: `Basic ${credentials}` },
    body: new URLSearchParams({
      grant_type: 'urn:ietf:params:oauth:grant-type:token-exchange',
      subject_token: token,
      subject_token_type: 'urn:ietf:params:oauth:token-type:access_token',
      audience: world.audience,
    }),
  });
  const text = await response.text();
  return response.ok ? String(response.status) : `${String(response.status)} ${text.slice(0, 300)}`;
}

/** Through a full client, which reads the texts of refusals too. */
function callStatus(port: number, token: string, world: LoadSubjects): Promise<string> {
  return new Promise((resolve, reject) => {
    const session = connect(`http://127.0.0.1:${String(port)}`);
    const stream = session.request(Object.fromEntries(grpcHeaders(port, world)));
    const settle = (headers: IncomingHttpHeaders): void => {
      const status = headers['grpc-status'];
      if (status === undefined) return;
      session.destroy();
      resolve(`${String(status)} ${String(headers['grpc-message'] ?? '')}`.trim());
    };
    session.on('error', reject);
    stream.on('response', settle).on('trailers', settle).on('error', reject).resume();
    stream.end(prepareGrpcRequest(token, world));
  });
}
