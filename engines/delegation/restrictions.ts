import { actorToken } from './restrictions/actor-token.js';
import { bindingRequired, boundActor, boundSubject } from './restrictions/binding.js';
import { chain } from './restrictions/chain.js';
import { delegationCeiling } from './restrictions/delegation-ceiling.js';
import { hop } from './restrictions/hop.js';
import { impersonation } from './restrictions/impersonation.js';
import { mayAct } from './restrictions/may-act.js';
import { narrowing } from './restrictions/narrowing.js';
import { origin } from './restrictions/origin.js';
import { presenter } from './restrictions/presenter.js';
import { publicClient } from './restrictions/public-client.js';
import { target } from './restrictions/target.js';
import type { Rule } from './rule.js';

/** Every rule, in the order in which they are judged: who asks, what was handed in, who acts, and what comes out. */
export const RULES: readonly Rule[] = Object.freeze([
  presenter,
  publicClient,
  target,
  boundSubject,
  actorToken,
  boundActor,
  impersonation,
  mayAct,
  hop,
  chain,
  origin,
  bindingRequired,
  delegationCeiling,
  narrowing,
]);
