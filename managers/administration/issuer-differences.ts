import { isDeepStrictEqual } from 'node:util';
import type { IssuerDifference } from './contract.js';

/** The members in which two states of an issuer differ, whole lists as one. How it stands is no part of a state. */
export function differences(from: object, to: object): readonly IssuerDifference[] {
  return compare('', from, to).filter(({ member }) => member !== 'status');
}

function compare(at: string, from: unknown, to: unknown): IssuerDifference[] {
  if (isDeepStrictEqual(from, to)) return [];
  if (!isRecord(from) || !isRecord(to)) return [{ member: at, from: from ?? null, to: to ?? null }];
  const members = [...new Set([...Object.keys(from), ...Object.keys(to)])];
  return members.flatMap((member) => compare(at === '' ? member : `${at}.${member}`, from[member], to[member]));
}

function isRecord(value: unknown): value is Readonly<Record<string, unknown>> {
  return typeof value === 'object' && value !== null && !Array.isArray(value);
}
