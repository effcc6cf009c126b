/** `run.ts ISSUER AUDIENCE [PORT]`: see the README beside it. */
import { ServerCredentials } from '@grpc/grpc-js';
import { createVerifier } from '#clients/sdk/main.js';
import { createDownstream } from './downstream.js';

const [issuer, audience, port = '50051'] = process.argv.slice(2);
if (issuer === undefined || audience === undefined) {
  console.error('usage: run.ts ISSUER AUDIENCE [PORT]');
  process.exit(2);
}
const verifier = createVerifier({ issuer, audience });
await verifier.prepare();
const server = createDownstream({
  verifier,
  tell: (method, { subject, permissions }) => {
    console.log(`${method} for ${subject}, who may ${permissions.join(' ')}`);
  },
});
// SECURITY: this machine alone, so plaintext. Anywhere else: ServerCredentials.createSsl.
server.bindAsync(`127.0.0.1:${port}`, ServerCredentials.createInsecure(), (error) => {
  if (error !== null) throw error;
  console.log(`invoices on 127.0.0.1:${port}, trusting ${issuer}`);
});
