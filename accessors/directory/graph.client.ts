import type { Clock } from '#utilities/clock/contract.js';
import type { DirectorySubject } from './contract.js';
import { DirectoryFault } from './directory-fault.js';
import type { OutboundAnswer, OutboundSender } from './outbound.sender.js';
import { retryAfterSeconds } from './retry-after.js';

/** Microsoft Graph takes no more in one call. */
export const MOST_GROUPS_IN_A_CALL = 20;

export interface MembershipQuestion {
  readonly subject: Pick<DirectorySubject, 'kind' | 'externalId'>;
  /** At most 20 object ids. */
  readonly groups: readonly string[];
  readonly token: string;
  /** Whether the token stands for the subject. */
  readonly delegated: boolean;
  /** Sent along, so that both sides find the call. */
  readonly diagnosticId: string;
  readonly signal: AbortSignal;
}

export interface GraphClientDeps {
  readonly graphBase: string;
  readonly sender: OutboundSender;
  readonly clock: Clock;
}

/** `POST checkMemberGroups`: which of some groups somebody is in, directly or through other groups. */
export class GraphClient {
  constructor(private readonly deps: GraphClientDeps) {}

  /** Ids in lower case. @throws DirectoryFault */
  async checkMemberGroups(question: MembershipQuestion): Promise<readonly string[]> {
    const { subject, groups, token, diagnosticId, signal } = question;
    const collection = subject.kind === 'user' ? 'users' : 'servicePrincipals';
    const answer = await this.deps.sender.send({
      method: 'POST',
      url: `${this.deps.graphBase}/v1.0/${collection}/${subject.externalId}/checkMemberGroups`,
      headers: {
        authorization: `Bearer ${token}`,
        'content-type': 'application/json',
        accept: 'application/json',
        'client-request-id': diagnosticId,
      },
      body: JSON.stringify({ groupIds: groups }),
      signal,
    });
    if (answer.status === 200) return memberships(answer.text);
    throw this.faultOf(answer, question.delegated);
  }

  private faultOf({ status, headers, text }: OutboundAnswer, delegated: boolean): DirectoryFault {
    const why = `Microsoft Graph answered ${String(status)} ${errorCodeOf(text)}`;
    switch (status) {
      case 401:
        return new DirectoryFault('token-refused', why);
      case 404:
        return new DirectoryFault('refused', `${why}: the directory does not know the subject`);
      case 403:
        return new DirectoryFault(delegated ? 'refused' : 'misconfigured', `${why}: permission or consent is missing`);
      case 400:
        return new DirectoryFault('misconfigured', why);
      default:
        return new DirectoryFault('unavailable', why, {
          retryAfterSeconds: retryAfterSeconds(headers['retry-after'], this.deps.clock.now()),
        });
    }
  }
}

function memberships(text: string): readonly string[] {
  const value = memberOf(parsed(text), 'value');
  if (Array.isArray(value) && value.every((id) => typeof id === 'string')) return value.map((id) => id.toLowerCase());
  throw new DirectoryFault('unavailable', 'Microsoft Graph answered something that is no list of groups');
}

function errorCodeOf(text: string): string {
  const code = memberOf(memberOf(parsed(text), 'error'), 'code');
  return typeof code === 'string' && /^[\w.-]{1,64}$/.test(code) ? code : 'without an error code';
}

function memberOf(value: unknown, name: string): unknown {
  return typeof value === 'object' && value !== null ? Object.entries(value).find(([member]) => member === name)?.[1] : undefined;
}

function parsed(text: string): unknown {
  try {
    return JSON.parse(text);
  } catch {
    return undefined;
  }
}
