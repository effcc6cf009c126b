import { ServerCredentials } from '@grpc/grpc-js';
import type { ServerTls } from '../tls/contract.js';

/**
 * TLS of the gRPC port whose certificates change while it runs, and that lets a client show one that no authority vouches for:
 * the credentials of grpc-js itself do one of the two at most.
 */
export class ReloadedServerCredentials extends ServerCredentials {
  constructor(tls: ServerTls) {
    super({ ...tls.handshake }, tls.current);
    tls.onChange((context) => {
      this.updateSecureContextOptions(context);
    });
  }

  _equals(other: ServerCredentials): boolean {
    return this === other;
  }
}
