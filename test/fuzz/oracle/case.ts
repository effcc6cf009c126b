import type { JsonObject, JsonValue } from './json-reader.js';
import type { Reading } from './reading.js';
import type { Presenter, World, WorldIssuer, WorldKey } from './world.js';

/** A token of a known issuer, and everything that the rules about it ask. */
export interface TokenCase<Issuer extends WorldIssuer = WorldIssuer> {
  readonly reading: Reading;
  readonly header: JsonObject;
  readonly claims: JsonObject;
  readonly world: World;
  readonly issuer: Issuer;
  /** The exact `iss` that was found. */
  readonly iss: string;
  readonly presenter: Presenter;
  readonly key: WorldKey | undefined;
}

/** One line of the rules: the code, and whether the token breaks it. */
export interface Rule<Issuer extends WorldIssuer = WorldIssuer> {
  readonly code: string;
  readonly says: string;
  readonly broken: (token: TokenCase<Issuer>) => boolean;
}

export const isText = (value: JsonValue | undefined): value is string => typeof value === 'string';

export const isTextArray = (value: JsonValue | undefined): value is readonly string[] =>
  Array.isArray(value) && value.every((item) => typeof item === 'string');

export const isAbsentOr = (test: (value: JsonValue | undefined) => boolean) => (value: JsonValue | undefined) =>
  value === undefined || test(value);

/** RFC 7519 §2: seconds, here whole ones between 1970 and 2242. */
export const isDate = (value: JsonValue | undefined): value is number =>
  typeof value === 'number' && Number.isInteger(value) && value >= 0 && value <= 8_589_934_592;

/** The values of `aud` where it is well-formed. */
export function audiencesOf(claims: JsonObject): readonly string[] {
  const aud = claims.get('aud');
  if (isText(aud)) return [aud];
  return isTextArray(aud) ? aud : [];
}
