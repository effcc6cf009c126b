import type { CallContext } from '#utilities/call-context/contract.js';
import { isCodedError } from '#utilities/errors/coded-error.js';
import type { AccessOutcome, AccessSearch, Found } from './access-search.contract.js';
import type { AuthorizationParts } from './authorization.parts.js';
import type { CallingClient } from './contract.js';
import { type Refused, RefusedRequests } from './refused-requests.js';

type Asked<Question extends 'evaluate' | 'actions' | 'subjects' | 'resources'> = Parameters<AccessSearch[Question]>[2];

/** Who asked, known or not. */
type About = Omit<Refused, 'client'> & { readonly client: CallingClient };

/** Sees to it that every refusal has its record before it is answered. */
export class RecordedAccessSearch implements AccessSearch {
  private readonly refused: RefusedRequests;

  constructor(
    private readonly inner: AccessSearch,
    deps: Pick<AuthorizationParts, 'auditAccess'>,
  ) {
    this.refused = new RefusedRequests(deps);
  }

  get settings(): AccessSearch['settings'] {
    return this.inner.settings;
  }

  /** One record for each code: questions of one request are refused for the same reason, or a few. */
  async evaluate(context: CallContext, client: CallingClient, asked: Asked<'evaluate'>): Promise<readonly AccessOutcome[]> {
    const about = { client, what: 'evaluation' } as const;
    const outcomes = await this.recorded(context, about, this.inner.evaluate(context, client, asked));
    const faults = new Map<string, Error>();
    for (const outcome of outcomes)
      if ('fault' in outcome && isCodedError(outcome.fault)) faults.set(outcome.fault.code, outcome.fault);
    for (const fault of faults.values()) await this.record(context, about, fault);
    return outcomes;
  }

  actions(context: CallContext, client: CallingClient, asked: Asked<'actions'>): Promise<Found> {
    const { audience, subject } = asked.query;
    const about = { client, what: 'search', audience, subject } as const;
    return this.recorded(context, about, this.inner.actions(context, client, asked));
  }

  subjects(context: CallContext, client: CallingClient, asked: Asked<'subjects'>): Promise<Found> {
    const about = { client, what: 'search', audience: asked.query.audience } as const;
    return this.recorded(context, about, this.inner.subjects(context, client, asked));
  }

  resources(context: CallContext, client: CallingClient, asked: Asked<'resources'>): Promise<Found> {
    const { audience, subject } = asked.query;
    const about = { client, what: 'search', audience, subject } as const;
    return this.recorded(context, about, this.inner.resources(context, client, asked));
  }

  private async recorded<Answer>(context: CallContext, about: About, answer: Promise<Answer>): Promise<Answer> {
    try {
      return await answer;
    } catch (error) {
      throw await this.record(context, about, error);
    }
  }

  private async record(context: CallContext, { client, ...about }: About, error: unknown): Promise<unknown> {
    return client.proven ? this.refused.recorded(context, { ...about, client }, error) : error;
  }
}
