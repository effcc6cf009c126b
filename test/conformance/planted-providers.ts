import type {
  Claims,
  IdentityProvider,
  ProviderCheck,
  TokenOfIssuer,
} from '#engines/token-validation/identity-provider.contract.js';

type Changes = Readonly<Record<string, unknown>>;

/** A provider with one fault in it. */
function changed(good: IdentityProvider, changes: Changes): IdentityProvider {
  return { ...good, ...(changes as Partial<IdentityProvider>) };
}

const text = (value: unknown): string => (typeof value === 'string' ? value : '');
const check = (run: ProviderCheck['run']): ProviderCheck => ({ name: 'planted', run });
const without = (good: IdentityProvider, ...names: readonly string[]): readonly ProviderCheck[] =>
  good.checks.filter(({ name }) => !names.includes(name));
const refusing = (good: IdentityProvider, fault: Changes): IdentityProvider => {
  const planted = check(({ claims }) =>
    claims['sub'] === null ? ({ actual: 'x', expected: 'y', code: 'TOKEN_CLAIM_INVALID', ...fault } as never) : undefined,
  );
  return changed(good, { checks: [planted, ...good.checks] });
};
const withIdentity = (good: IdentityProvider, idOf: (claims: Claims) => unknown): IdentityProvider =>
  changed(good, {
    toPrincipal: (claims: Claims, issuer: TokenOfIssuer['issuer']) => {
      const described = good.toPrincipal(claims, issuer);
      return { ...described, identity: { ...described.identity, externalId: idOf(claims) } };
    },
  });

let made = 0;

/** For each rule of the kit a provider that breaks it: what its author might well have written. */
export const PLANTED: Readonly<Record<string, (good: IdentityProvider) => IdentityProvider>> = {
  name: (good) => changed(good, { name: `Oidc ${(made += 1).toString()}` }),
  'check-names': (good) => changed(good, { checks: [...good.checks, { name: 'audience', run: () => undefined }] }),
  pure: (good) => {
    let calls = 0;
    return changed(good, { acceptedTypes: () => ((calls += 1) > 1 ? ['at+jwt'] : ['at+jwt', 'JWT']) });
  },
  'never-throws': (good) =>
    changed(good, { isIdToken: (claims: Claims) => (claims['typ'] as string | undefined)?.toLowerCase() === 'id' }),
  'principal-of-accepted': (good) => changed(good, { checks: without(good, 'oidc-identity') }),
  'accepts-genuine': (good) =>
    changed(good, {
      checks: [
        check(({ claims }) =>
          claims['jti'] === undefined ? { code: 'TOKEN_CLAIM_INVALID', actual: 'no jti', expected: 'jti' } : undefined,
        ),
        ...good.checks,
      ],
    }),
  'accepted-types': (good) => changed(good, { acceptedTypes: () => ['at+jwt', 'JWT', 'logout+jwt'] }),
  'refuses-others': (good) => changed(good, { isIdToken: () => false }),
  'required-claims': (good) => changed(good, { checks: without(good, 'oidc-issuer') }),
  'mapped-claims': (good) => changed(good, { checks: without(good, 'oidc-claims') }),
  recognises: (good) => changed(good, { recognises: () => true }),
  presenter: (good) =>
    changed(good, {
      presenterOf: (claims: Claims) =>
        typeof claims['client_id'] === 'string' ? { status: 'named', id: claims['client_id'] } : { status: 'absent' },
    }),
  'presenter-text': (good) =>
    changed(good, {
      presenterOf: (claims: Claims) => ({ status: 'named', id: claims['client_id'] ?? claims['azp'] ?? claims['repository_id'] }),
    }),
  'presenter-conflict': (good) =>
    changed(good, {
      presenterOf: (claims: Claims) => {
        const id = [claims['client_id'], claims['azp'], claims['repository_id']].map(text).find((one) => one !== '');
        return id === undefined ? { status: 'absent' } : { status: 'named', id };
      },
    }),
  kind: (good) => changed(good, { kindOf: () => 'user' }),
  identity: (good) => withIdentity(good, (claims) => `${text(claims['sub'])}:${text(claims['azp'])}`),
  'identity-names': (good) => withIdentity(good, (claims) => text(claims['email']) + text(claims['sub'])),
  'identity-lasts': (good) =>
    withIdentity(good, (claims) => `${text(claims['sub'])}${JSON.stringify(claims['auth_time'] ?? null)}`),
  groups: (good) =>
    changed(good, {
      toPrincipal: (claims: Claims, issuer: TokenOfIssuer['issuer']) => ({
        ...good.toPrincipal(claims, issuer),
        groupsOverage: false,
      }),
    }),
  'fault-codes': (good) => refusing(good, { code: 'OKTA_WRONG' }),
  'fault-texts': (good) =>
    changed(good, {
      checks: [
        check(({ claims }) =>
          claims['sub'] === 'line\nbreak'
            ? { code: 'TOKEN_CLAIM_INVALID', actual: `sub is ${text(claims['sub'])}`, expected: 'one line' }
            : undefined,
        ),
        ...good.checks,
      ],
    }),
  remedies: (good) => refusing(good, { remedy: ' ' }),
};
