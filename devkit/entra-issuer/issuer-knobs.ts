export const GARBAGE_MODES = [
  'html',
  'empty-object',
  'empty-keys',
  'truncated',
  'wrong-content-type',
  'huge-body',
  'deep-json',
  'redirect',
  'wrong-issuer',
  'duplicate-kid',
  'private-keys',
  'symmetric-keys',
  'foreign-jwks-host',
  'empty-body',
  'short-body',
  'invalid-utf8',
  'gzip-bomb',
  'slow-gzip',
  'keys-not-a-list',
  'many-keys',
  'weak-keys',
  'encryption-keys',
] as const;
export type GarbageMode = (typeof GARBAGE_MODES)[number];

export const OUTAGES = ['refused', 'error', 'hang'] as const;
export type Outage = (typeof OUTAGES)[number];

/** What the stand-in does wrong, or differently, at the moment. */
export interface IssuerKnobs {
  /** Lifetime of new tokens; `null`: 60 to 90 minutes at random, as the real service. */
  readonly lifetimeSeconds: number | null;
  /** `refused`: no listener; `error`: 500; `hang`: takes the request and never answers. */
  readonly outage: Outage | null;
  readonly slow: { readonly delayMs: number; readonly drip: boolean };
  /** What discovery documents and key sets look like. */
  readonly garbage: GarbageMode | null;
}

export const CALM: IssuerKnobs = { lifetimeSeconds: null, outage: null, slow: { delayMs: 0, drip: false }, garbage: null };

const ROTATIONS = ['publish-first', 'at-once', 'activate', 'drop-old'] as const;
export type Rotation = (typeof ROTATIONS)[number];

export interface KnobsRequest {
  readonly knobs: Partial<IssuerKnobs>;
  readonly rotate: Rotation | null;
}

/** Reads the body of `POST /_knobs`; answers in words what is wrong with it. */
export function parseKnobs(text: string): KnobsRequest | string {
  const body = parseObject(text);
  if (body === null) return 'send a JSON object';
  const unknown = Object.keys(body).find((name) => !(name in READERS) && name !== 'rotate');
  if (unknown !== undefined) return `there is no knob ${unknown}`;
  const rotate = body['rotate'] === undefined ? null : oneOf(ROTATIONS, body['rotate']);
  if (body['rotate'] !== undefined && rotate === null) return `rotate: one of ${ROTATIONS.join(', ')}`;
  const knobs: Record<string, unknown> = {};
  for (const [name, read] of Object.entries(READERS)) {
    if (!(name in body)) continue;
    const value = read(body[name]);
    if (value === undefined) return `${name}: not a value that it takes`;
    knobs[name] = value;
  }
  return { knobs, rotate };
}

const READERS: { readonly [Knob in keyof IssuerKnobs]: (value: unknown) => IssuerKnobs[Knob] | undefined } = {
  lifetimeSeconds: (value) => (value === null || isSeconds(value) ? value : undefined),
  // Nobody could turn a refused connection off again over the same port.
  outage: (value) => (value === null ? null : (oneOf(['error', 'hang'] as const, value) ?? undefined)),
  slow: readSlow,
  garbage: (value) => (value === null ? null : (oneOf(GARBAGE_MODES, value) ?? undefined)),
};

function readSlow(value: unknown): IssuerKnobs['slow'] | undefined {
  if (value === null) return CALM.slow;
  if (typeof value !== 'object') return undefined;
  const delayMs = 'delayMs' in value ? value.delayMs : 0;
  const drip = 'drip' in value ? value.drip : false;
  return isSeconds(delayMs) && typeof drip === 'boolean' ? { delayMs, drip } : undefined;
}

function oneOf<Choice extends string>(choices: readonly Choice[], value: unknown): Choice | null {
  return choices.find((choice) => choice === value) ?? null;
}

function isSeconds(value: unknown): value is number {
  return typeof value === 'number' && Number.isInteger(value) && value >= 0;
}

function parseObject(text: string): Readonly<Record<string, unknown>> | null {
  try {
    const body: unknown = JSON.parse(text);
    return typeof body === 'object' && body !== null && !Array.isArray(body) ? Object.fromEntries(Object.entries(body)) : null;
  } catch {
    return null;
  }
}
