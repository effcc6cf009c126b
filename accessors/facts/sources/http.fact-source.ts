import type { CallContext } from '#utilities/call-context/contract.js';
import type { FactValue } from '../contract.js';
import type { FactSource, FactSourceQuestion } from '../fact-source.contract.js';

export interface HttpFactSourceDeps {
  readonly name: string;
  /** Fixed by the settings; nothing of a question gets into it. */
  readonly url: string;
  /** Read for each question, so that it can be replaced; `null`: none is sent. */
  readonly bearer: (() => Promise<string>) | null;
  readonly fetch: typeof fetch;
}

const MOST_BYTES = 64 * 1024;

/**
 * Facts from an HTTP endpoint: `POST` with the question as JSON, answered by `{"values": {"subject.department": "sales"}}`.
 *
 * SECURITY: no redirects, since whoever redirects would be handed the credential and the question; a fixed limit of bytes, counted on
 * arrival.
 */
export class HttpFactSource implements FactSource {
  readonly name: string;

  constructor(private readonly deps: HttpFactSourceDeps) {
    this.name = deps.name;
  }

  async read(context: CallContext, question: FactSourceQuestion, signal: AbortSignal): Promise<ReadonlyMap<string, FactValue>> {
    const response = await this.deps.fetch(this.deps.url, {
      method: 'POST',
      redirect: 'error',
      signal,
      headers: {
        'content-type': 'application/json',
        accept: 'application/json',
        'x-request-id': context.diagnosticId,
        ...(this.deps.bearer === null ? {} : { authorization: `Bearer ${await this.deps.bearer()}` }),
      },
      body: JSON.stringify(questionBody(question)),
    });
    try {
      if (response.status !== 200) throw this.fault(`answered ${String(response.status)}`);
      const type = response.headers.get('content-type') ?? '';
      if (!/^application\/json\s*(;|$)/i.test(type)) throw this.fault('answered something else than JSON');
      return this.valuesIn(await textOf(response, MOST_BYTES), question.paths);
    } finally {
      await response.body?.cancel().catch(() => undefined);
    }
  }

  close(): Promise<void> {
    return Promise.resolve();
  }

  private valuesIn(text: string, paths: readonly string[]): ReadonlyMap<string, FactValue> {
    const answer: unknown = JSON.parse(text);
    const values = typeof answer === 'object' && answer !== null && Object.hasOwn(answer, 'values') ? answer : undefined;
    const told: unknown = values === undefined ? undefined : Object.entries(values).find(([name]) => name === 'values')?.[1];
    if (typeof told !== 'object' || told === null || Array.isArray(told)) throw this.fault('answered no object values');
    const known = new Map<string, FactValue>(Object.entries(told as Readonly<Record<string, FactValue>>));
    return new Map(paths.filter((path) => known.has(path)).map((path) => [path, known.get(path) ?? null]));
  }

  private fault(what: string): Error {
    return new Error(`fact source ${this.name}: ${what}`);
  }
}

/** Our own names, so that a change here is a change of the interface and not of a type. */
function questionBody({ tenantId, tenantSlug, identity, subjectKey, paths }: FactSourceQuestion): object {
  return {
    tenant: { id: tenantId, slug: tenantSlug },
    subject: { key: subjectKey, instance: identity?.instance ?? null, externalId: identity?.externalId ?? null },
    paths,
  };
}

async function textOf(response: Response, mostBytes: number): Promise<string> {
  const chunks: Uint8Array[] = [];
  let size = 0;
  const body: AsyncIterable<Uint8Array> | null = response.body;
  for await (const chunk of body ?? []) {
    size += chunk.length;
    if (size > mostBytes) throw new Error('the answer is too long');
    chunks.push(chunk);
  }
  return new TextDecoder('utf-8', { fatal: true }).decode(Buffer.concat(chunks));
}
