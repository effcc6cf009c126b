import type { RegisteredClient } from '#accessors/registration/contract.js';
import type { CallContext } from '#utilities/call-context/contract.js';
import { CodedError, isCodedError } from '#utilities/errors/coded-error.js';
import { isServiceFault } from '#utilities/errors/service-fault.js';
import { type AccessNaming, permissionNamed } from './access-naming.js';
import type { AccessItem, AccessOutcome, AccessQuestion, AccessSearch } from './access-search.contract.js';
import { checkValues } from './check-limits.js';
import type { CheckSequence } from './check.sequence.js';
import type { CheckRequest } from './contract.js';

type Evaluated = Parameters<AccessSearch['evaluate']>[2];

/** Questions that share everything but what is asked: they are one check. */
interface Batch {
  readonly request: CheckRequest & { readonly audience: string };
  readonly places: readonly number[];
}

const MOST = 100;

/** Answers questions one after the other, or those about one subject at once where none of them may be left out. */
export class AccessEvaluation {
  constructor(
    private readonly naming: AccessNaming,
    private readonly checks: CheckSequence,
  ) {}

  async run(context: CallContext, client: RegisteredClient, { items, until }: Evaluated): Promise<readonly AccessOutcome[]> {
    if (items.length < 1 || items.length > MOST) {
      throw new CodedError('REQUEST_PARAMETER_INVALID', { field: 'evaluations', expected: `1 to ${String(MOST)} evaluations` });
    }
    if (until === 'end') return this.all(context, client, items);
    const outcomes: AccessOutcome[] = [];
    for (const item of items) {
      const [outcome] = await this.all(context, client, [item]);
      if (outcome === undefined) break;
      outcomes.push(outcome);
      if (isAllowed(outcome) === (until === 'first-permission')) break;
    }
    return outcomes;
  }

  private async all(context: CallContext, client: RegisteredClient, items: readonly AccessItem[]): Promise<AccessOutcome[]> {
    const outcomes = new Array<AccessOutcome>(items.length);
    const batches = new Map<string, Batch>();
    for (const [place, item] of items.entries()) {
      const read = 'fault' in item ? item : await this.read(context, client, item.question);
      if ('fault' in read) outcomes[place] = read;
      else addTo(batches, place, read);
    }
    for (const { request, places } of batches.values()) {
      const answers = await this.ask(context, client, request);
      places.forEach((place, at) => {
        outcomes[place] = answers[at] ?? { fault: new CodedError('INTERNAL') };
      });
    }
    return outcomes;
  }

  private async read(
    context: CallContext,
    client: RegisteredClient,
    question: AccessQuestion,
  ): Promise<Batch['request'] | { readonly fault: CodedError }> {
    const { subject, action, resource, tenant, atLeastAsFresh } = question;
    try {
      checkValues('context', question.context);
      checkValues('resource', resource.attributes);
      const name = await this.naming.find(context, client, question);
      const items = [{ permission: permissionNamed(action, name), resource: { ...resource, type: name.type } }];
      const { audience } = name.application;
      return { subject, audience, tenant, unit: null, context: question.context, atLeastAsFresh, items, explain: false };
    } catch (error) {
      return { fault: faultOf(error) };
    }
  }

  /** What one question is at fault for is not the fault of the others. */
  private async ask(context: CallContext, client: RegisteredClient, request: CheckRequest): Promise<readonly AccessOutcome[]> {
    try {
      const { results, policyVersion, consistencyToken, decisionId } = await this.checks.check(context, client, request);
      return results.map((decision) => ({ decision, policyVersion, consistencyToken, decisionId }));
    } catch (error) {
      const fault = faultOf(error);
      return request.items.map(() => ({ fault }));
    }
  }
}

function addTo(batches: Map<string, Batch>, place: number, request: Batch['request']): void {
  const { items, ...shared } = request;
  const key = JSON.stringify(shared);
  const known = batches.get(key);
  batches.set(
    key,
    known === undefined
      ? { request, places: [place] }
      : { request: { ...request, items: [...known.request.items, ...items] }, places: [...known.places, place] },
  );
}

/** SECURITY: that the service cannot answer is never a denial of one question: whoever reads that would take it for settled. */
function faultOf(error: unknown): CodedError {
  if (isCodedError(error) && !isServiceFault(error.code)) return error;
  throw error;
}

function isAllowed(outcome: AccessOutcome): boolean {
  return 'decision' in outcome && outcome.decision.allowed;
}
