import { timingSafeEqual } from 'node:crypto';
import type { KeyAccess } from '#accessors/key/contract.js';
import type { CallContext } from '#utilities/call-context/contract.js';

/** The state of one tenant's data. */
interface DataState {
  readonly tenantId: string;
  readonly epoch: number;
}

/** Longer than any that is made here. */
const MOST_CHARACTERS = 256;
const TENANT_ID = /^[0-9a-zA-Z-]{1,64}$/;

/**
 * Names the state of a tenant's data for those who ask again: `TENANT.EPOCH` and a keyed digest of it.
 *
 * SECURITY: an epoch that anybody could make up would have every replica drop what it keeps of a tenant, again and again.
 */
export class ConsistencyTokens {
  /** Facts are asked with themselves, which stay the same objects until the state moves. */
  private readonly made = new WeakMap<DataState, string>();

  constructor(private readonly deps: { readonly keyAccess: KeyAccess }) {}

  of(context: CallContext, state: DataState): string {
    const known = this.made.get(state);
    if (known !== undefined) return known;

    const token = this.write(context, state);
    this.made.set(state, token);
    return token;
  }

  read(context: CallContext, token: string): DataState | undefined {
    if (token.length > MOST_CHARACTERS) return undefined;
    const [content = ''] = token.split('.', 1);
    const [tenantId = '', text = ''] = Buffer.from(content, 'base64url').toString('latin1').split('.');
    const epoch = Number(text);
    if (!TENANT_ID.test(tenantId) || !Number.isSafeInteger(epoch) || epoch < 0) return undefined;
    // Made anew and compared as a whole: no other spelling of the same state is one of ours.
    return isSame(this.write(context, { tenantId, epoch }), token) ? { tenantId, epoch } : undefined;
  }

  private write(context: CallContext, { tenantId, epoch }: DataState): string {
    const content = `${tenantId}.${String(epoch)}`;
    const digest = this.deps.keyAccess.keyedDigest(context, 'consistency-token', content);
    return `${Buffer.from(content, 'latin1').toString('base64url')}.${digest}`;
  }
}

function isSame(one: string, other: string): boolean {
  const [mine, theirs] = [Buffer.from(one, 'utf8'), Buffer.from(other, 'utf8')];
  return mine.length === theirs.length && timingSafeEqual(mine, theirs);
}
