import type { ActorClaim, GrantCase, GrantQuestion, KeyName } from './contract.js';

/** What a question comes to, before anything is judged. */
export interface Grant {
  readonly question: GrantQuestion;
  readonly case: GrantCase;
  /** The client hands in a token that was issued here to itself, for the same audience: it can only become narrower. */
  readonly narrows: boolean;
  /** Who begins to act by this grant, with or without being named in it; `null`: nobody does. */
  readonly begins: 'client' | 'actor' | null;
  /** The chain of actors that the token would have. */
  readonly act: ActorClaim | null;
}

export function grantOf(question: GrantQuestion): Grant {
  const narrows = isNarrowing(question);
  const begins = whoBegins(question, narrows);
  const before = question.subject.act;
  const newActor = question.impersonation ? null : newActorOf(question, begins);
  const act = newActor === null ? before : { sub: newActor, ...(before === null ? {} : { act: before }) };
  return { question, narrows, begins, act, case: caseOf(question, act, narrows) };
}

/** Whether the client itself can be held to anything: nobody else could call in its name. */
export function isPublic({ clientIsProven, client }: GrantQuestion): boolean {
  return !clientIsProven || client.kind === 'public';
}

/** The key that the token is bound to. One that binds what was handed in goes before others that were shown. */
export function bindingOf({ subject, actor, shown }: GrantQuestion): KeyName | null {
  const [first] = shown;
  return subject.confirmation ?? actor?.confirmation ?? shown.find((key) => Object.hasOwn(key, 'jkt')) ?? first ?? null;
}

/** From the outermost in. */
export function actorsIn(act: ActorClaim | null): readonly string[] {
  const found: string[] = [];
  for (let at = act; at !== null; at = at.act ?? null) found.push(at.sub);
  return found;
}

function isNarrowing({ client, subject: { issued }, target }: GrantQuestion): boolean {
  return issued !== null && issued.clientId === client.clientId && issued.audience === target.audience;
}

function whoBegins({ actor, impersonation, subject }: GrantQuestion, narrows: boolean): Grant['begins'] {
  if (actor !== null) return 'actor';
  if (impersonation) return 'client';
  return narrows || subject.presenter === 'own' ? null : 'client';
}

function newActorOf({ actor, clientSubject }: GrantQuestion, begins: Grant['begins']): string | null {
  if (begins === null) return null;
  return actor === null ? clientSubject : actor.subject;
}

/** SECURITY: what was delegated or impersonated before is never called the subject's own again. */
function caseOf({ impersonation, subject }: GrantQuestion, act: ActorClaim | null, narrows: boolean): GrantCase {
  if (impersonation) return 'impersonation';
  if (act !== null) return 'on-behalf-of';
  return narrows && subject.issued?.impersonated === true ? 'impersonation' : 'own';
}
