import { randomInt } from 'node:crypto';
import { type Clock, SYSTEM_RUNTIME } from '../runtime.js';
import { httpPost } from './http-post.js';
import type { Post } from './post.js';

/** What a source of tokens needs of the process that it runs in; tests bring their own. */
export interface CallerRuntime {
  readonly clock: Clock;
  /** From 0 up to, and without, 1. */
  random(): number;
  /** Calls `work` once, after so long. Answers what calls it off. */
  after(milliseconds: number, work: () => void): () => void;
  readonly post: Post;
}

const FINENESS = 2 ** 32;

export const SYSTEM_CALLER_RUNTIME: CallerRuntime = {
  clock: SYSTEM_RUNTIME.clock,
  random: () => randomInt(FINENESS) / FINENESS,
  after(milliseconds, work) {
    const timer = setTimeout(work, milliseconds);
    return () => {
      clearTimeout(timer);
    };
  },
  post: httpPost,
};
