/** Starts everything on this machine, makes one call for alice through all three services, and tells what each of them was handed. */
import { startChain } from './chain.js';
import { startWorld } from './world.js';

const world = await startWorld();
const chain = await startChain({ ...world, tell: console.log });
console.log('alice    signed in at the identity provider; her token is for the API of front');
const answer = await fetch(`${chain.front}/orders/7`, { headers: { authorization: `Bearer ${world.tokenOfAlice}` } });
console.log(`alice    ← ${answer.status} ${(await answer.text()).trim()}`);
await chain.stop();
await world.stop();
process.exitCode = answer.status === 200 ? 0 : 1;
