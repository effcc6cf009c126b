import type { KeyMove, KeyState } from './contract.js';

/** Every move there is. `retired` and `revoked` are ends, but for a retired key that turns out to be stolen. */
const MOVES: Readonly<Record<KeyState, readonly KeyState[]>> = {
  pending: ['published', 'retired', 'tainted', 'revoked'],
  // To `retiring`: a key that stood by, and may have signed.
  published: ['active', 'retiring', 'retired', 'tainted', 'revoked'],
  active: ['retiring', 'tainted', 'revoked'],
  retiring: ['retired', 'tainted', 'revoked'],
  retired: ['revoked'],
  tainted: ['retired', 'revoked'],
  revoked: [],
};

/** `atOnce` also takes a key that nobody knows yet straight to signing: the first of a ring, an emergency. */
export function isKnownMove({ from, to, atOnce = false }: Pick<KeyMove, 'from' | 'to' | 'atOnce'>): boolean {
  if (atOnce) return to === 'active' && (from === 'pending' || from === 'published');
  return MOVES[from].includes(to);
}

/** Whether verifiers are shown a key in this state. */
export function isPublicState(state: string): boolean {
  return state === 'published' || state === 'active' || state === 'retiring' || state === 'tainted';
}

export function isKeyState(text: string): text is KeyState {
  return text in MOVES;
}
