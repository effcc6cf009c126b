import {
  type CallOptions,
  type ChannelCredentials,
  type Client,
  type ClientOptions,
  InterceptingCall,
  type Interceptor,
} from '@grpc/grpc-js';
import { SYSTEM_RUNTIME } from '../../runtime.js';
import type { TokenSource } from '../token-source.js';
import { AuthorizedCall } from './authorized-call.js';

export interface AuthorizedClientOptions {
  /** As grpc-js takes it: `dns:///billing.acme.example:443`. */
  readonly target: string;
  /** Of the channel, and with TLS. */
  readonly credentials: ChannelCredentials;
  readonly source: TokenSource;
  /**
   * Says that this one target needs no TLS: `127.0.0.1:PORT`, `[::1]:PORT`, `localhost:PORT` or `unix:PATH`, with credentials that are
   * not secure. For tests, and for a sidecar on the same machine.
   */
  readonly plaintext?: 'loopback';
  /** Other options of the client. Interceptors among them do not see the token. */
  readonly options?: ClientOptions;
}

/** As the code that is generated from a proto has them. */
type ClientConstructor<C> = new (target: string, credentials: ChannelCredentials, options?: ClientOptions) => C;

const SUBJECT = Symbol('subject token');
interface OnBehalf extends CallOptions {
  readonly [SUBJECT]?: string;
}

/** SECURITY: each of them would lead calls past what is checked here. */
const FORBIDDEN = ['channelOverride', 'channelFactoryOverride', 'callInvocationTransformer', 'interceptor_providers'] as const;
const LOOPBACK = /^(127\.0\.0\.1|\[::1\]|localhost):\d{1,5}$|^unix:/;

/**
 * A client of grpc-js whose calls carry a token of the source. Where there is none the call fails as UNAVAILABLE, UNAUTHENTICATED or
 * PERMISSION_DENIED and is not made; `countersignErrorOf` says why. A unary call that is refused as UNAUTHENTICATED is made once more
 * with a new token, if the one that was refused is 30 s old.
 *
 * SECURITY: the client is made here, so that what adds the token can be used on no other channel. grpc-js itself sends call
 * credentials in the clear where the channel has no TLS.
 *
 * @throws TypeError when the token would be sent in the clear
 */
export function createAuthorizedClient<C extends Client>(of: ClientConstructor<C>, options: AuthorizedClientOptions): C {
  const { target, credentials, source, options: more = {} } = options;
  for (const name of FORBIDDEN) if (more[name] !== undefined) throw new TypeError(`${name} cannot be used here`);
  const interceptors = [...(more.interceptors ?? []), tokenInterceptor(source)];
  return new of(target, credentials, { ...more, ...guarded(options), interceptors });
}

/** Options of a call that is made for this subject: the token that this program was called with. */
export function onBehalfOf(subjectToken: string, options: CallOptions = {}): CallOptions {
  const named: OnBehalf = { ...options, [SUBJECT]: subjectToken };
  return named;
}

function guarded({ target, credentials, plaintext }: AuthorizedClientOptions): ClientOptions {
  if (credentials._isSecure()) {
    if (plaintext !== undefined) throw new TypeError('plaintext is for credentials without TLS');
    return {};
  }
  if (plaintext !== 'loopback') throw new TypeError('the channel has no TLS: tokens would be sent in the clear');
  if (!LOOPBACK.test(target)) throw new TypeError(`${target} is not on this machine: tokens would be sent in the clear`);
  // SECURITY: grpc-js would hand the call to a proxy that the environment names, in the clear.
  return { 'grpc.enable_http_proxy': 0 };
}

function tokenInterceptor(source: TokenSource): Interceptor {
  return (options, nextCall) => {
    const { deadline, [SUBJECT]: subjectToken } = options as typeof options & OnBehalf;
    const { requestStream, responseStream } = options.method_definition;
    const call = new AuthorizedCall({
      source,
      subjectToken,
      remainingMs: () => (deadline === undefined ? undefined : Number(deadline) - SYSTEM_RUNTIME.clock.now()),
      isUnary: !requestStream && !responseStream,
      begin: () => nextCall(options),
    });
    return new InterceptingCall(call);
  };
}
