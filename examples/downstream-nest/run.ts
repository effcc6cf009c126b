/** `run.ts ISSUER AUDIENCE`: see the README beside it. */
import { createDownstream } from './downstream.js';

const [issuer, audience] = process.argv.slice(2);
if (issuer === undefined || audience === undefined) {
  console.error('usage: run.ts ISSUER AUDIENCE');
  process.exit(2);
}
const grpc = '127.0.0.1:50051';
const app = await createDownstream({ issuer, audience, grpc });
await app.startAllMicroservices();
await app.listen(3000, '127.0.0.1');
console.log(`invoices on http://127.0.0.1:3000 and ${grpc}, trusting ${issuer}`);
