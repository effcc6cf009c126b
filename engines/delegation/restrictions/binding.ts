import type { GrantQuestion, KeyName } from '../contract.js';
import { bindingOf, isPublic } from '../grant.js';
import { EVERY_CASE, NO_EXEMPTION, type Rule } from '../rule.js';

const source = 'RFC 9449 §5, RFC 8705 §3, RFC 7800 §3.1';

/** SECURITY: a bound token is worth nothing without its key; whoever has seen it cannot turn it into one that needs none. */
export const boundSubject: Rule = {
  name: 'bound-subject',
  cases: EVERY_CASE,
  exempt: NO_EXEMPTION,
  source,
  judge: ({ question }) => objectionTo(question.subject.confirmation, question, 'subject_token'),
};

/** SECURITY: the same for the token of the actor. */
export const boundActor: Rule = {
  name: 'bound-actor',
  cases: ['on-behalf-of'],
  exempt: { own: 'with an actor token somebody acts', impersonation: 'an actor token asks for delegation, and is refused there' },
  source,
  judge: ({ question }) => objectionTo(question.actor?.confirmation ?? null, question, 'actor_token'),
};

/** A client that is registered so, and a public one unless it is registered otherwise, gets no bearer tokens. */
export const bindingRequired: Rule = {
  name: 'binding-required',
  cases: EVERY_CASE,
  exempt: NO_EXEMPTION,
  source,
  judge({ question }) {
    const wanted = question.client.binding ?? (isPublic(question) ? 'required' : 'optional');
    if (!question.issues || wanted === 'optional' || bindingOf(question) !== null) return undefined;
    return {
      code: 'BINDING_REQUIRED',
      field: 'subject_token',
      because: 'the client showed no key that the token could be bound to',
    };
  },
};

function objectionTo(confirmation: KeyName | null, { shown }: GrantQuestion, field: string) {
  if (confirmation === null || shown.some((key) => isSameKey(key, confirmation))) return undefined;
  const because = `bound by ${Object.keys(confirmation).join(', ')}, and that key was not shown`;
  return { code: 'BINDING_NOT_SHOWN', field, because } as const;
}

function isSameKey(shown: KeyName, wanted: KeyName): boolean {
  const names = Object.keys(wanted);
  return names.length === 1 && names.every((name) => Object.hasOwn(shown, name) && shown[name] === wanted[name]);
}
