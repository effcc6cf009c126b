import type { Clock } from '#utilities/clock/contract.js';
import type { VaultAnswer } from './vault-answer.js';
import { answerWith, type CryptographicOperation } from './vault-cryptography.js';
import { keyNotFound, throttled } from './vault-faults.js';
import { VaultKeys } from './vault-keys.js';
import type { VaultKnobs, VaultOperation } from './vault-knobs.js';
import { VaultLimiter, weightOf } from './vault-limiter.js';
import type { JsonObject, VaultRequest } from './vault-request.js';

export interface VaultCall extends VaultRequest {
  readonly body: JsonObject;
  readonly query: URLSearchParams;
}

interface VaultOperationsDeps {
  readonly clock: Clock;
  readonly vaultUrl: () => string;
}

type Perform = (call: VaultCall) => VaultAnswer | Promise<VaultAnswer>;

const CREATIONS: ReadonlySet<VaultOperation> = new Set(['create', 'import', 'rotate']);

/** What the vault does for a caller that it knows and that it lets in. */
export class VaultOperations {
  private readonly keys: VaultKeys;
  private readonly limiter: VaultLimiter;
  private readonly performers: { readonly [Operation in VaultOperation]: Perform };

  constructor(private readonly deps: VaultOperationsDeps) {
    const keys = new VaultKeys(deps);
    this.keys = keys;
    this.limiter = new VaultLimiter(deps.clock);
    this.performers = {
      create: ({ name, body }) => keys.create(name, body),
      import: ({ name, body }) => keys.bringIn(name, body),
      get: ({ name, version }) => keys.get(name, version),
      list: ({ name, query }) => keys.list(name, pageOf(query)),
      rotate: ({ name }) => keys.rotate(name),
      update: ({ name, version, body }) => keys.update(name, version, body),
      delete: ({ name }) => keys.remove(name),
      getDeleted: ({ name }) => keys.getDeleted(name),
      recover: ({ name }) => keys.recover(name),
      purge: ({ name }) => keys.purge(name),
      sign: (call) => this.useKey('sign', call),
      verify: (call) => this.useKey('verify', call),
      wrapKey: (call) => this.useKey('wrapKey', call),
      unwrapKey: (call) => this.useKey('unwrapKey', call),
    };
  }

  perform(call: VaultCall): VaultAnswer | Promise<VaultAnswer> {
    return this.performers[call.operation](call);
  }

  /** The answer to a call that does not fit the limits of the vault any more. */
  beyondLimits({ operation, name, version }: VaultRequest, knobs: VaultKnobs): VaultAnswer | null {
    if (knobs.limits === null) return null;
    const isCreation = CREATIONS.has(operation);
    const key = isCreation ? null : this.keys.find(name, version);
    const units = key === null ? 1 : weightOf(key.size, key.kty.endsWith('-HSM'));
    const seconds = this.limiter.take(knobs.limits, isCreation ? { units: 0, creations: 1 } : { units, creations: 0 });
    return seconds === null ? null : throttled(knobs.retryAfterSeconds === null ? null : seconds);
  }

  private useKey(operation: CryptographicOperation, { name, version, body }: VaultCall): VaultAnswer {
    const key = this.keys.find(name, version);
    if (key === null) return keyNotFound(version === '' ? name : `${name}/${version}`);
    const now = Math.floor(this.deps.clock.now() / 1000);
    return answerWith(key, { operation, body, vaultUrl: this.deps.vaultUrl(), now });
  }
}

function pageOf(query: URLSearchParams): { readonly skip: number; readonly max: number | null; readonly apiVersion: string } {
  const max = query.get('maxresults');
  return {
    skip: Number(query.get('$skiptoken') ?? 0),
    max: max === null ? null : Number(max),
    apiVersion: query.get('api-version') ?? '',
  };
}
