/** As examples/three-services/run.ts, with nginx in front of each of the services. */
import { startWorld } from '../three-services/world.js';
import { startBehindNginx, whyNoNginx } from './nginx.js';

const missing = whyNoNginx();
if (missing !== undefined) {
  console.error(missing);
  process.exit(2);
}
const world = await startWorld();
const chain = await startBehindNginx({ ...world, tell: console.log });
const ask = async (what: string, token?: string): Promise<number> => {
  const [method = '', path = ''] = what.split(' ');
  const headers = token === undefined ? {} : { authorization: `Bearer ${token}` };
  const { status } = await fetch(`${chain.front}${path}`, { method, headers });
  console.log(`${what.padEnd(22)} ${token === undefined ? 'nobody' : 'alice'}: ${status}`);
  return status;
};
const statuses = [
  await ask('GET /orders/7', world.tokenOfAlice),
  await ask('GET /orders/7'),
  await ask('GET /admin', world.tokenOfAlice),
];
await chain.stop();
await world.stop();
process.exitCode = statuses.join(' ') === '200 401 403' ? 0 : 1;
