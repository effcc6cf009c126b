/**
 * Hides how clients and their secrets are kept for those who administer them. Called by the
 * AdministrationManager, and to look by the DiagnosisManager. Never answers a secret or its hash.
 */
import type { CallContext } from '#utilities/call-context/contract.js';
import type { RecordOutcome, RegisteredClient } from './contract.js';

/** A secret, as much of it as anybody is told. */
export interface ClientSecret {
  /** Names it among the secrets of its client; nothing can be told from it. */
  readonly id: string;
  /** Unix milliseconds, like the one below. */
  readonly createdAt: number;
  /** `null`: it does not end. */
  readonly endsAt: number | null;
}

export interface ClientRecord {
  readonly client: RegisteredClient;
  readonly status: 'active' | 'disabled';
  /** Oldest first; those that have ended too. */
  readonly secrets: readonly ClientSecret[];
}

export interface ClientRegistry {
  /** Every client, in the order of their ids, as it is in the database at this moment. @throws CodedError `STORE_UNAVAILABLE` */
  clients(context: CallContext): Promise<readonly ClientRecord[]>;

  /** One client as it is at this moment. @throws CodedError `CLIENT_UNKNOWN`, `STORE_UNAVAILABLE` */
  client(context: CallContext, clientId: string): Promise<ClientRecord>;

  /**
   * One client, which nobody else changes before the caller's unit of work ends; `undefined`: there is none, and nobody else makes
   * it. @throws CodedError `STORE_UNAVAILABLE`
   */
  holdClient(context: CallContext, clientId: string): Promise<ClientRecord | undefined>;

  /** Lets a client in or keeps it out, everywhere within 2 s. @throws CodedError `CLIENT_UNKNOWN` */
  switchClient(context: CallContext, clientId: string, status: 'active' | 'disabled'): Promise<RecordOutcome>;

  /**
   * Adds a secret beside the one that is there; those that have ended are forgotten.
   *
   * @param secret its SHA-256 in hex, and its end in Unix milliseconds
   * @throws CodedError `CLIENT_UNKNOWN`; `CLIENT_INVALID` where there are two already
   */
  addSecret(
    context: CallContext,
    clientId: string,
    secret: { readonly sha256: string; readonly endsAt: number },
  ): Promise<ClientSecret>;

  /** Ends a secret, everywhere within 2 s. @throws CodedError `CLIENT_UNKNOWN` */
  removeSecret(context: CallContext, clientId: string, secretId: string): Promise<void>;
}

export const CLIENT_REGISTRY: unique symbol = Symbol('ClientRegistry');
