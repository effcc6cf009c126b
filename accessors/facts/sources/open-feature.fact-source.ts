import { type Client, ErrorCode, type EvaluationContext, type EvaluationDetails, type JsonValue } from '@openfeature/server-sdk';
import type { CallContext } from '#utilities/call-context/contract.js';
import type { FactValue } from '../contract.js';
import type { FactSource, FactSourceQuestion } from '../fact-source.contract.js';

export interface OpenFeatureFactSourceDeps {
  readonly name: string;
  readonly client: Pick<Client, 'getBooleanDetails' | 'getObjectDetails'>;
  /** Shuts the provider down. */
  readonly shutDown: () => Promise<void>;
}

const FLAG = 'flag.';
/** Told apart from what any flag may hold. */
const UNTOLD: JsonValue = Object.freeze({ untold: true });

/**
 * Flags from any feature-flag service that has an OpenFeature provider. `flag.KEY` is the boolean flag KEY; any other path is the
 * flag of that whole name, as an object. A flag that is not there or of another type is unknown, and a provider that is not ready is
 * a failure: a default that was never decided about this subject grants nothing.
 */
export class OpenFeatureFactSource implements FactSource {
  readonly name: string;

  constructor(private readonly deps: OpenFeatureFactSourceDeps) {
    this.name = deps.name;
  }

  async read(_context: CallContext, question: FactSourceQuestion, signal: AbortSignal): Promise<ReadonlyMap<string, FactValue>> {
    const context = evaluationContext(question);
    const told = new Map<string, FactValue>();
    for (const path of question.paths) {
      signal.throwIfAborted();
      const value = await this.valueOf(path, context);
      if (value !== undefined) told.set(path, value);
    }
    return told;
  }

  close(): Promise<void> {
    return this.deps.shutDown();
  }

  private async valueOf(path: string, context: EvaluationContext): Promise<FactValue | undefined> {
    if (path.startsWith(FLAG))
      return this.decided(await this.deps.client.getBooleanDetails(path.slice(FLAG.length), false, context));
    const value = this.decided(await this.deps.client.getObjectDetails(path, UNTOLD, context));
    return value === UNTOLD ? undefined : value;
  }

  /** `undefined`: there is no such flag. @throws Error when it could not be decided */
  private decided<Value extends JsonValue>({ errorCode, value }: EvaluationDetails<Value>): Value | undefined {
    if (errorCode === undefined) return value;
    if (errorCode === ErrorCode.FLAG_NOT_FOUND || errorCode === ErrorCode.TYPE_MISMATCH) return undefined;
    throw new Error(`fact source ${this.name}: ${errorCode}`);
  }
}

/** Who the flag is about: the administrator's key where there is one, so that rules can be written with it. */
function evaluationContext({ tenantId, tenantSlug, identity, subjectKey }: FactSourceQuestion): EvaluationContext {
  const targetingKey = subjectKey ?? (identity === null ? tenantId : `${identity.instance}|${identity.externalId}`);
  return {
    targetingKey,
    tenantId,
    ...(tenantSlug === null ? {} : { tenant: tenantSlug }),
    ...(subjectKey === null ? {} : { subjectKey }),
    ...(identity === null ? {} : { instance: identity.instance, externalId: identity.externalId }),
  };
}
