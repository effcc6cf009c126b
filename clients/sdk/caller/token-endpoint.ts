import { documentUrl } from '../bounded-fetch.js';
import type { AccessToken } from './access-token.js';
import { callerError } from './caller-error.js';
import type { CallerRuntime } from './caller-runtime.js';
import { type ClientCredentials, clientProofs, tlsMaterial } from './client-credentials.js';
import { tokenOf } from './oauth-answer.js';
import type { PostAnswer, PostRequest } from './post.js';

/** What is asked for: whose token is exchanged, for which application. */
export interface Asked {
  readonly subjectToken: string;
  readonly audience: string;
  readonly scope: string | undefined;
  readonly tenant: string | undefined;
}

interface Settings {
  readonly issuer: string;
  readonly tokenEndpoint: string | undefined;
  readonly client: ClientCredentials;
  readonly subjectTokenType: string;
  readonly runtime: CallerRuntime;
}

const GRANT = 'urn:ietf:params:oauth:grant-type:token-exchange';
const ATTEMPT_MS = 5_000;

/** One exchange after the other, without any memory. */
export class TokenEndpoint {
  private readonly url: URL;
  private readonly proof: ReturnType<typeof clientProofs>;
  private readonly tls: ReturnType<typeof tlsMaterial> | undefined;
  private readonly underWay = new Set<AbortController>();

  /** @throws TypeError */
  constructor(private readonly settings: Settings) {
    const { issuer, tokenEndpoint = `${issuer}/oauth2/token`, client } = settings;
    // SECURITY: over plain HTTP anybody on the way could read the credentials; only this machine itself is excepted.
    this.url = documentUrl(tokenEndpoint);
    this.proof = clientProofs(client, issuer);
    if (client.tls !== undefined && this.url.protocol !== 'https:') throw new TypeError('tls needs a token endpoint of https');
    this.tls = client.tls === undefined ? undefined : tlsMaterial(client.tls);
  }

  /**
   * Within 5 s.
   *
   * @throws CountersignError
   */
  async exchange(asked: Asked): Promise<AccessToken> {
    const { runtime, subjectTokenType } = this.settings;
    const [proof, tls] = await Promise.all([this.proof(runtime.clock.now() / 1_000), this.tls?.()]);
    const form = new URLSearchParams({
      grant_type: GRANT,
      subject_token: asked.subjectToken,
      subject_token_type: subjectTokenType,
      audience: asked.audience,
      ...(asked.scope === undefined ? {} : { scope: asked.scope }),
      ...(asked.tenant === undefined ? {} : { tenant: asked.tenant }),
      ...proof.form,
    });
    const headers = { 'content-type': 'application/x-www-form-urlencoded', accept: 'application/json', ...proof.headers };
    return tokenOf(await this.post({ url: this.url, headers, body: form.toString(), tls }));
  }

  /** Ends what is under way. */
  close(): void {
    for (const given of this.underWay) given.abort(callerError('TOKEN_SOURCE_CLOSED'));
  }

  private async post(request: Omit<PostRequest, 'signal'>): Promise<PostAnswer> {
    const given = new AbortController();
    this.underWay.add(given);
    const callOff = this.settings.runtime.after(ATTEMPT_MS, () => {
      given.abort(new Error(`no answer within ${ATTEMPT_MS} ms`));
    });
    try {
      return await this.settings.runtime.post({ ...request, signal: given.signal });
    } catch (cause) {
      throw callerError('TOKEN_ENDPOINT_UNREACHABLE', { cause });
    } finally {
      callOff();
      this.underWay.delete(given);
    }
  }
}
