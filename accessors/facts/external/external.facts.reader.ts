import type { CallContext } from '#utilities/call-context/contract.js';
import type { Clock } from '#utilities/clock/contract.js';
import type { Logger } from '#utilities/logging/contract.js';
import type { ExternalFacts, FactValue, WantedFact } from '../contract.js';
import type { ConfiguredFactSource, FactSourceQuestion } from '../fact-source.contract.js';
import { SourceCaller, type Told } from './source.caller.js';

export interface ExternalFactsReaderDeps {
  readonly sources: readonly ConfiguredFactSource[];
  readonly clock: Clock;
  readonly logger: Logger;
}

/** Who is asked about. */
export type AskedSubject = Omit<FactSourceQuestion, 'paths'>;

/** What policy calls its own sources. */
const TAKEN = new Set(['idp', 'sts', 'db', 'pep']);
const NAME = /^[a-z0-9][a-z0-9-]{0,62}$/u;
const LONGEST_WAIT_MS = 5_000;

/** Asks the sources that wanted facts come from, all at once. */
export class ExternalFactsReader {
  private readonly callers: ReadonlyMap<string, SourceCaller>;

  /** @throws Error on a source that cannot be used as it is configured */
  constructor(private readonly deps: ExternalFactsReaderDeps) {
    const callers = new Map<string, SourceCaller>();
    for (const configured of deps.sources) {
      refuseUnfit(configured);
      if (callers.has(configured.source.name)) throw new Error(`there are two fact sources ${configured.source.name}`);
      callers.set(configured.source.name, new SourceCaller({ configured, clock: deps.clock, logger: deps.logger }));
    }
    this.callers = callers;
  }

  /** SECURITY: what nobody can tell is listed as unavailable, and never left out. */
  async read(context: CallContext, subject: AskedSubject, wanted: readonly WantedFact[]): Promise<ExternalFacts> {
    const values = new Map<string, FactValue>();
    const unavailable = new Set<string>();
    let validUntil: number | null = null;
    const asked = [...bySource(wanted)].map(async ([source, paths]) => ({
      paths,
      told: await this.ask(context, source, { ...subject, paths }),
    }));
    for (const { paths, told } of await Promise.all(asked)) {
      for (const path of paths) {
        const value = told?.values.get(path);
        if (value === undefined) unavailable.add(path);
        else values.set(path, value);
      }
      if (told !== null) validUntil = Math.min(told.validUntil, validUntil ?? told.validUntil);
    }
    // Two sources were asked for one path: it is known only if both could tell.
    for (const path of unavailable) values.delete(path);
    return { values, unavailable, validUntil };
  }

  /** Lets go of what the sources hold; one that cannot does not keep the others from it. */
  async close(): Promise<void> {
    await Promise.allSettled(this.deps.sources.map(({ source }) => source.close()));
  }

  private ask(context: CallContext, source: string, question: FactSourceQuestion): Promise<Told | null> {
    return this.callers.get(source)?.read(context, question) ?? Promise.resolve(null);
  }
}

/** Paths in one order, whatever order they were wanted in. */
function bySource(wanted: readonly WantedFact[]): Map<string, string[]> {
  const paths = new Map<string, Set<string>>();
  for (const { source, path } of wanted) paths.set(source, (paths.get(source) ?? new Set()).add(path));
  return new Map([...paths].map(([source, list]) => [source, [...list].sort()]));
}

function refuseUnfit({ source: { name }, timeoutMs, cacheSeconds, validSeconds }: ConfiguredFactSource): void {
  if (!NAME.test(name) || TAKEN.has(name)) throw new Error(`a fact source cannot be called ${name}`);
  if (!(timeoutMs >= 1 && timeoutMs <= LONGEST_WAIT_MS))
    throw new Error(`fact source ${name}: timeoutMs is 1 to ${LONGEST_WAIT_MS}`);
  if (!(cacheSeconds >= 0 && validSeconds > cacheSeconds && Number.isFinite(validSeconds)))
    throw new Error(`fact source ${name}: validSeconds is more than cacheSeconds`);
}
