import type { Metadata, ServerWritableStream } from '@grpc/grpc-js';
import { Controller, Inject, UseFilters } from '@nestjs/common';
import { GrpcMethod } from '@nestjs/microservices';
import { Observable } from 'rxjs';
import type { GetJwksResponse, WatchKeysRequest, WatchKeysResponse } from '#protos/generated/countersign/keys/v1/keys.js';
import { OpenToAll } from '../access.decorators.js';
import { sessionOf } from './call-connection.js';
import { CALLERS, type Caller, type Callers } from './callers.js';
import { KEY_WATCHERS, type KeyWatchers } from './key-watchers.js';
import { GrpcStatusFilter } from './status.filter.js';

type KeyStream = ServerWritableStream<WatchKeysRequest, WatchKeysResponse>;

/** The public keys: for anybody who asks, and as a stream for clients whom the interceptor has let in. */
@OpenToAll()
@Controller()
@UseFilters(GrpcStatusFilter)
export class PublicKeysController {
  constructor(
    @Inject(KEY_WATCHERS) private readonly watchers: KeyWatchers,
    @Inject(CALLERS) private readonly callers: Callers,
  ) {}

  @GrpcMethod('KeyService', 'getJwks')
  async getJwks(): Promise<GetJwksResponse> {
    return { keySet: await this.watchers.current() };
  }

  @GrpcMethod('KeyService', 'watchKeys')
  watchKeys(_request: WatchKeysRequest, metadata: Metadata, stream: KeyStream): Observable<WatchKeysResponse> {
    return this.following(this.callers.clientOf(metadata), stream);
  }

  /** Nest ends the stream with what the observable ends with. Messages go past it: it would keep those that a reader has no time for. */
  private following({ client, call }: Caller, stream: KeyStream): Observable<WatchKeysResponse> {
    return new Observable((subscriber) => {
      const joining = this.watchers.add({
        clientId: client.proven ? client.registration.clientId : '',
        isClosing: () => sessionOf(call)?.closed ?? true,
        send: (message, taken) => void stream.write(message, taken),
        end: (error) => {
          subscriber.error(error);
        },
      });
      joining.catch((error: unknown) => {
        subscriber.error(error);
      });
      return () => {
        void joining.then(
          (leave) => {
            leave();
          },
          () => undefined,
        );
      };
    });
  }
}
