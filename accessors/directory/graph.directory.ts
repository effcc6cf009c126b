import type { CallContext } from '#utilities/call-context/contract.js';
import type { Clock } from '#utilities/clock/contract.js';
import type { DirectorySubject } from './contract.js';
import { DirectoryFault, isDirectoryFault } from './directory-fault.js';
import { type GraphClient, MOST_GROUPS_IN_A_CALL } from './graph.client.js';
import type { GraphTokenSource } from './graph-token.source.js';
import { Holds } from './holds.js';

export interface GraphDirectoryDeps {
  readonly tokens: GraphTokenSource;
  readonly graph: GraphClient;
  readonly clock: Clock;
}

const LANES = 4;
/** For all calls of one question to Graph together. */
const BUDGET_MS = 6_000;
const APPLICATION = 'application';

/** One tenant of Entra, asked through Microsoft Graph. */
export class GraphDirectory {
  private readonly holds: Holds;

  constructor(private readonly deps: GraphDirectoryDeps) {
    this.holds = new Holds(deps.clock);
  }

  /**
   * Which of the groups, given by object ids in lower case, the subject is in; all answered or none.
   *
   * @throws DirectoryFault
   */
  async memberships(context: CallContext, subject: DirectorySubject, groups: readonly string[]): Promise<ReadonlySet<string>> {
    // Tokens of subjects are throttled each for itself: nobody waits for somebody else's Retry-After.
    const held = this.deps.tokens.delegated ? subject.externalId : APPLICATION;
    this.holds.check(held);
    try {
      const found = await this.ask(context, subject, groups);
      this.holds.clear(held);
      return found;
    } catch (error) {
      if (!isDirectoryFault(error) || error.kind === 'refused') throw error;
      throw this.holds.note(held, error);
    }
  }

  private async ask(context: CallContext, subject: DirectorySubject, groups: readonly string[]): Promise<ReadonlySet<string>> {
    const { tokens } = this.deps;
    const token = await tokens.tokenFor(context, subject);
    try {
      return await this.askInBatches({ context, subject, groups, token });
    } catch (error) {
      if (!isTokenRefused(error)) throw error;
      tokens.forget(subject, token);
    }
    return this.askInBatches({ context, subject, groups, token: await tokens.tokenFor(context, subject) }).catch(
      (error: unknown) => {
        if (!isTokenRefused(error)) throw error;
        throw new DirectoryFault(tokens.delegated ? 'refused' : 'misconfigured', `${error.message}, also for a new token`);
      },
    );
  }

  /** A few calls at a time; the first that fails ends the others. */
  private async askInBatches(question: Question): Promise<ReadonlySet<string>> {
    const waiting = batchesOf(question.groups);
    const found = new Set<string>();
    const end = new AbortController();
    const signal = AbortSignal.any([end.signal, AbortSignal.timeout(BUDGET_MS)]);
    const lane = async (): Promise<void> => {
      for (let batch = waiting.shift(); batch !== undefined; batch = waiting.shift()) {
        for (const id of await this.askOne(question, batch, signal)) found.add(id);
      }
    };
    try {
      await Promise.all(Array.from({ length: Math.min(LANES, waiting.length) }, lane));
      return found;
    } finally {
      end.abort();
    }
  }

  private askOne(question: Question, groups: readonly string[], signal: AbortSignal): Promise<readonly string[]> {
    const { subject, token, context } = question;
    const { delegated } = this.deps.tokens;
    return this.deps.graph.checkMemberGroups({
      subject,
      groups,
      token,
      delegated,
      diagnosticId: context.diagnosticId,
      signal,
    });
  }
}

interface Question {
  readonly context: CallContext;
  readonly subject: DirectorySubject;
  readonly groups: readonly string[];
  readonly token: string;
}

function isTokenRefused(error: unknown): error is DirectoryFault {
  return isDirectoryFault(error) && error.kind === 'token-refused';
}

function batchesOf(groups: readonly string[]): (readonly string[])[] {
  const batches: (readonly string[])[] = [];
  for (let from = 0; from < groups.length; from += MOST_GROUPS_IN_A_CALL) {
    batches.push(groups.slice(from, from + MOST_GROUPS_IN_A_CALL));
  }
  return batches;
}
