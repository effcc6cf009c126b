import { describe, expect, it } from '@jest/globals';
import { API, API_URI, CLIENT, OTHER_DIRECTORY } from '../../../test/vectors/stub.issuer.access.js';
import { ValidationBench } from '../../../test/vectors/validation-bench.js';
import type { PresenterExpectation, ValidationReport } from '../contract.js';

const NOBODY: PresenterExpectation = { ownPresenters: [], listedPresenters: [], apiAudiences: [] };

async function caseOf(presenter: Partial<PresenterExpectation>, token: (bench: ValidationBench) => string): Promise<string> {
  const bench = new ValidationBench();
  bench.presenter = { ...NOBODY, ...presenter };
  const report = await bench.validate(token(bench));
  return report.outcome === 'accepted' ? report.principal.case : report.findings[0].code;
}

function validatedForAnybody({ engine }: ValidationBench, token: string): Promise<ValidationReport> {
  const context = { diagnosticId: 'presenter', transport: 'rest' } as const;
  return engine.validate(context, { token, field: 'subject_token', presenter: null });
}

const v2 = (bench: ValidationBench): string => bench.v2Token();
const oidc = (bench: ValidationBench): string => bench.oidcToken();
const entra = (id: string): { issuer: string; id: string }[] => [{ issuer: 'contoso', id }];
const keycloak = (id: string): { issuer: string; id: string }[] => [{ issuer: 'keycloak', id }];

describe('The presenter', () => {
  it('is in the own case where the token was issued to it', async () => {
    expect(await caseOf({ ownPresenters: entra(CLIENT) }, v2)).toBe('own');
    expect(await caseOf({ ownPresenters: entra(CLIENT) }, (bench) => bench.v1Token())).toBe('own');
    expect(await caseOf({ ownPresenters: keycloak('spa') }, oidc)).toBe('own');
  });

  it('acts on behalf of the subject where the token was issued to a client listed for it', async () => {
    expect(await caseOf({ listedPresenters: entra(CLIENT) }, v2)).toBe('on-behalf-of');
  });

  it('acts on behalf of the subject where the token is meant for its own API', async () => {
    expect(await caseOf({ apiAudiences: entra(API) }, v2)).toBe('on-behalf-of');
    expect(await caseOf({ apiAudiences: keycloak('second') }, (bench) => bench.oidcToken({ aud: [API_URI, 'second'] }))).toBe(
      'on-behalf-of',
    );
  });

  it('is never in the own case by audience', async () => {
    expect(await caseOf({ apiAudiences: entra(CLIENT) }, v2)).toBe('TOKEN_PRESENTER_MISMATCH');
    expect(await caseOf({ ownPresenters: entra(API) }, v2)).toBe('TOKEN_PRESENTER_MISMATCH');
  });

  it('prefers own over listed over audience', async () => {
    expect(await caseOf({ ownPresenters: entra(CLIENT), listedPresenters: entra(CLIENT), apiAudiences: entra(API) }, v2)).toBe(
      'own',
    );
  });

  it('is refused where nothing is registered for it', async () => {
    expect(await caseOf({}, v2)).toBe('TOKEN_PRESENTER_MISMATCH');
    expect(await caseOf({ ownPresenters: entra('another') }, v2)).toBe('TOKEN_PRESENTER_MISMATCH');
    expect(await caseOf({ ownPresenters: entra(CLIENT.toUpperCase()) }, v2)).toBe('TOKEN_PRESENTER_MISMATCH');
  });

  it('is known by an id together with its issuer: the same id elsewhere is another client', async () => {
    expect(await caseOf({ ownPresenters: keycloak(CLIENT) }, v2)).toBe('TOKEN_PRESENTER_MISMATCH');
    expect(await caseOf({ listedPresenters: keycloak(CLIENT), apiAudiences: keycloak(API) }, v2)).toBe(
      'TOKEN_PRESENTER_MISMATCH',
    );
  });

  it('can be matched by audience alone where the token names no client', async () => {
    const anonymous = (bench: ValidationBench): string => bench.oidcToken({ client_id: undefined });
    expect(await caseOf({ ownPresenters: keycloak('spa') }, anonymous)).toBe('TOKEN_PRESENTER_MISMATCH');
    expect(await caseOf({ ownPresenters: keycloak(''), listedPresenters: keycloak('') }, anonymous)).toBe(
      'TOKEN_PRESENTER_MISMATCH',
    );
    expect(await caseOf({ ownPresenters: keycloak('undefined') }, anonymous)).toBe('TOKEN_PRESENTER_MISMATCH');
    expect(await caseOf({ apiAudiences: keycloak(API_URI) }, anonymous)).toBe('on-behalf-of');
  });

  it('of Entra is azp in a v2 token and appid in a v1 token, and nothing else', async () => {
    const own = { ownPresenters: entra(CLIENT) };
    expect(await caseOf(own, (bench) => bench.v2Token({ azp: undefined, appid: CLIENT }))).toBe('TOKEN_PRESENTER_MISMATCH');
    expect(await caseOf(own, (bench) => bench.v1Token({ appid: undefined, azp: CLIENT }))).toBe('TOKEN_PRESENTER_MISMATCH');
    expect(await caseOf(own, (bench) => bench.v2Token({ azp: OTHER_DIRECTORY, client_id: CLIENT }))).toBe(
      'TOKEN_PRESENTER_MISMATCH',
    );
  });

  it('of OIDC is client_id or azp, which must agree', async () => {
    const own = { ownPresenters: keycloak('spa') };
    expect(await caseOf(own, (bench) => bench.oidcToken({ client_id: undefined, azp: 'spa' }))).toBe('own');
    expect(await caseOf(own, (bench) => bench.oidcToken({ client_id: 'spa', azp: 'spa' }))).toBe('own');
    expect(await caseOf(own, (bench) => bench.oidcToken({ client_id: 'spa', azp: 'other' }))).toBe('TOKEN_PRESENTER_CONFLICT');
    expect(await caseOf({ ...own, apiAudiences: keycloak(API_URI) }, (bench) => bench.oidcToken({ azp: 'other' }))).toBe(
      'TOKEN_PRESENTER_CONFLICT',
    );
  });

  it('is whoever the token names where nobody is expected, in the own case, and told with its issuer', async () => {
    for (const token of [v2, (bench: ValidationBench): string => bench.v1Token()]) {
      const bench = new ValidationBench();
      const report = await validatedForAnybody(bench, token(bench));
      expect(report).toMatchObject({ principal: { case: 'own', presenterId: CLIENT, issuer: 'contoso' } });
    }
  });

  it('has to be named where nobody is expected: an audience stands for nobody then', async () => {
    for (const claims of [{ client_id: undefined }, { client_id: 'spa', azp: 'other' }]) {
      const bench = new ValidationBench();
      const report = await validatedForAnybody(bench, bench.oidcToken(claims));
      expect(report.outcome).toBe('rejected');
    }
  });

  it('is told also where the token was matched by audience, and null where it names none', async () => {
    const bench = new ValidationBench();
    bench.presenter = { ...NOBODY, apiAudiences: keycloak(API_URI) };
    const named = await bench.validate(bench.oidcToken());
    const anonymous = await bench.validate(bench.oidcToken({ client_id: undefined }));
    expect([named, anonymous]).toMatchObject([{ principal: { presenterId: 'spa' } }, { principal: { presenterId: null } }]);
  });
});
