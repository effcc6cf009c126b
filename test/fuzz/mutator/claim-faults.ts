import type { Draft, DraftMutation, Making } from './draft.js';
import { set } from './draft.js';
import { NOW, OTHER_API, STRANGER } from './fuzz-world.js';

type Edit = (draft: Draft, making: Making) => boolean;
const fault = (name: string, apply: Edit): DraftMutation => ({ name, apply });

/** One claim gets one of these values; `undefined` takes it away. */
const values = (claim: string, list: readonly unknown[]): DraftMutation =>
  fault(`${claim} replaced`, ({ claims }, { random }) => set(claims, claim, random.pick(list)));

const presenterName = ({ claims }: Draft): string =>
  ['azp', 'appid', 'client_id'].find((name) => claims[name] !== undefined) ?? 'client_id';

const NOT_TEXT = [1, 0, true, null, {}, [], ['x'], { $ne: '' }] as const;
const NOT_DATES = ['1790003600', NOW + 0.5, -1, null, true, [NOW + 3600], {}, 2 ** 33 + 1, 1e15, undefined] as const;

const TIME_FAULTS: readonly DraftMutation[] = [
  fault('exp in the past', ({ claims }, { random }) => {
    const exp = NOW - random.pick([0, 1, 59, 60, 61, 300, 3_600]);
    if (typeof claims['nbf'] === 'number' && claims['nbf'] > exp) set(claims, 'nbf', exp - 1);
    return set(claims, 'iat', exp - 10) && set(claims, 'exp', exp);
  }),
  fault('exp too soon', ({ claims }, { random }) => set(claims, 'exp', NOW + random.pick([1, 2, 15, 28, 29]))),
  fault('iat ahead', ({ claims }, { random }) => set(claims, 'iat', NOW + random.pick([61, 62, 120, 300, 301, 3_599]))),
  fault('nbf ahead', ({ claims }, { random }) => set(claims, 'nbf', NOW + random.pick([61, 62, 120, 300, 301, 3_599]))),
  fault('older than a user token may be', ({ claims }, { random }) => {
    if (claims['nbf'] !== undefined) set(claims, 'nbf', NOW - 8_000);
    return set(claims, 'iat', NOW - random.pick([7_201, 7_300, 20_000, 86_400]));
  }),
  fault('older than any token may be', ({ claims }, { random }) =>
    set(claims, 'iat', NOW - random.pick([86_401, 90_000, 10 ** 7])),
  ),
  values('exp', NOT_DATES),
  values('iat', NOT_DATES),
  values('nbf', NOT_DATES.slice(0, -1)),
];

const AUDIENCE_FAULTS: readonly DraftMutation[] = [
  fault('aud of another API', ({ claims }, { random }) =>
    set(claims, 'aud', random.pick([OTHER_API, 'api://other', 'https://graph.microsoft.example', '', STRANGER])),
  ),
  fault('aud in another spelling', ({ claims, from }, { random }) => {
    const good = random.pick(from.issuer.audiences);
    const spellings = [
      `${good}/`,
      good.toUpperCase(),
      ` ${good}`,
      `${good} `,
      good.slice(0, -1),
      good.slice(1),
      `${good}x`,
      `${good}\u200b`,
    ];
    return set(claims, 'aud', random.pick(spellings));
  }),
  fault('aud array without ours', ({ claims }, { random }) =>
    set(claims, 'aud', random.pick([[OTHER_API], ['', 'x'], [OTHER_API, 'api://other']])),
  ),
  fault('aud array around other types', ({ claims, from }, { random }) => {
    const good = random.pick(from.issuer.audiences);
    return set(
      claims,
      'aud',
      random.pick([[good, 1], [[good]], [good, null], { 0: good, length: 1 }, [], 7, null, true, undefined]),
    );
  }),
  fault('aud of another issuer', (draft, { random, fuzz }) => {
    const other = random.pick(fuzz.signing).issuer;
    const foreign = other.audiences.find((audience) => !draft.from.issuer.audiences.includes(audience));
    return foreign !== undefined && set(draft.claims, 'aud', foreign);
  }),
];

const SUBJECT_FAULTS: readonly DraftMutation[] = [
  values('sub', [undefined, '', ...NOT_TEXT, 'a\u0000b', 'a\nb', '\u009f', 'x'.repeat(1025)]),
  values('jti', NOT_TEXT),
  fault('client_id or azp of another type', ({ claims }, { random }) =>
    set(claims, random.pick(['client_id', 'azp', 'tid']), random.pick(NOT_TEXT)),
  ),
];

const KIND_FAULTS: readonly DraftMutation[] = [
  fault('sign of an ID token', ({ claims }, { random }) =>
    set(claims, random.pick(['nonce', 'at_hash', 'c_hash']), random.pick(['abc', '', null, 0, false])),
  ),
  fault('events', ({ claims }, { random }) =>
    set(claims, 'events', random.pick([{}, [], null, { 'http://schemas.openid.net/event/backchannel-logout': {} }])),
  ),
  fault('cnf', ({ claims }, { random }) =>
    set(claims, 'cnf', random.pick([{}, null, { jkt: 'abc' }, 'x', false, { 'x5t#S256': 'abc' }])),
  ),
  fault('act', ({ claims }, { random }) =>
    set(
      claims,
      'act',
      random.pick([{ sub: 'b', act: { sub: 'a' } }, {}, null, 'b', [], { sub: '' }, { sub: 7 }, { sub: 'b', act: {} }]),
    ),
  ),
  fault('may_act', ({ claims }, { random }) =>
    set(claims, 'may_act', random.pick([{ sub: 'b' }, {}, null, 'b', [], { iss: 'https://idp.example' }, { client_id: null }])),
  ),
];

const PRESENTER_FAULTS: readonly DraftMutation[] = [
  fault('another client', (draft, { random }) => {
    draft.claims[presenterName(draft)] = random.pick([STRANGER, '', 'CLIENT', `${STRANGER}/`]);
    return true;
  }),
  fault('no client', (draft) => set(draft.claims, presenterName(draft), undefined)),
  fault('handed in by somebody else', (draft, { random, fuzz }) => {
    draft.presenter = random.pick([fuzz.presenters.stranger, fuzz.presenters.crossed]);
    return true;
  }),
  fault('handed in by any other', (draft, { random, fuzz }) => {
    draft.presenter = random.pick(Object.values(fuzz.presenters));
    return true;
  }),
  fault('two clients', ({ claims, from }) => {
    if (from.issuer.provider !== 'oidc') return false;
    const [present, absent] = claims['azp'] === undefined ? ['client_id', 'azp'] : ['azp', 'client_id'];
    return set(claims, absent, `${String(claims[present])}x`);
  }),
];

const ISSUER_FAULTS: readonly DraftMutation[] = [
  fault('iss in another spelling', ({ claims }, { random }) => {
    const iss = String(claims['iss']);
    const spellings = [
      iss.endsWith('/') ? iss.slice(0, -1) : `${iss}/`,
      iss.toUpperCase(),
      iss.replace('https:', 'http:'),
      iss.replace('https://', 'https://evil@'),
      iss.replace('.', '\u3002'),
      `${iss}#`,
      `${iss}?x`,
      ` ${iss}`,
      `${iss}\u0000`,
      iss.replace('e', '\u0435'),
      iss.replace('/v2.0', '/v1.0'),
      `${iss}/../x`,
      iss.replace('https://', 'https:////'),
      'https://evil.example',
    ];
    return set(claims, 'iss', random.pick(spellings));
  }),
  values('iss', [undefined, '', ...NOT_TEXT]),
  fault('iss is ours', ({ claims }, { fuzz }) => set(claims, 'iss', fuzz.world.ownIssuer)),
  fault('iss of another trusted issuer', ({ claims, from }, { random, fuzz }) => {
    const other = random.pick(random.pick(fuzz.signing).issuer.owns).iss;
    return !from.issuer.owns.some(({ iss }) => iss === other) && set(claims, 'iss', other);
  }),
];

/** Faults that tokens of any issuer can have; most break exactly one rule. */
export const CLAIM_FAULTS: readonly (readonly DraftMutation[])[] = [
  TIME_FAULTS,
  AUDIENCE_FAULTS,
  SUBJECT_FAULTS,
  KIND_FAULTS,
  PRESENTER_FAULTS,
  ISSUER_FAULTS,
];
