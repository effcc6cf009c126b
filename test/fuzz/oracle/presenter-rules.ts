import { audiencesOf, isText, type TokenCase } from './case.js';
import type { JsonValue } from './json-reader.js';
import type { Presenter } from './world.js';

/** The client ids that the token names, as many as it names, and whether some name is not one. */
export function presenterFault(token: TokenCase, named: readonly JsonValue[]): string | undefined {
  const ids = named.filter((value) => isText(value) && value !== '');
  if (new Set(ids).size > 1) return 'TOKEN_PRESENTER_CONFLICT';
  return isRightful(token, token.presenter, ids[0]) ? undefined : 'TOKEN_PRESENTER_MISMATCH';
}

/** Registered as this client, as a client whose tokens it may hand in, or as the API that the token is for; at this issuer. */
function isRightful({ claims, issuer }: TokenCase, presenter: Presenter, id: JsonValue | undefined): boolean {
  const lists = [...presenter.ownPresenters, ...presenter.listedPresenters];
  if (lists.some((entry) => entry.issuer === issuer.name && entry.id === id)) return true;
  const audiences = audiencesOf(claims);
  return presenter.apiAudiences.some((entry) => entry.issuer === issuer.name && audiences.includes(entry.id));
}
