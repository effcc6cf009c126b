/**
 * Hides the sequence of administering OAuth clients. Called by operators' Clients alone. Every change is in the audit trail, and is
 * seen everywhere within 2 s.
 */
import type { CallContext } from '#utilities/call-context/contract.js';

/** A secret, as much of it as anybody is told once it was shown. */
export interface ClientSecretState {
  readonly id: string;
  /** Unix milliseconds, like the one below. */
  readonly createdAt: number;
  /** `null`: it does not end. */
  readonly endsAt: number | null;
}

export interface ClientOverview {
  readonly clientId: string;
  readonly kind: 'confidential' | 'public';
  readonly status: 'active' | 'disabled';
  /** How it may authenticate; a public client not at all. */
  readonly methods: readonly string[];
  /** Oldest first; those that have ended too, until the next one is added. */
  readonly secrets: readonly ClientSecretState[];
  /** What works and is weaker than it has to be, or is about to stop working. */
  readonly warnings: readonly string[];
}

export interface ClientReview extends ClientOverview {
  /** As it stands in an import file, without secrets. */
  readonly document: Readonly<Record<string, unknown>>;
}

export interface ClientPutOrder {
  /** A client as it stands in an import file, without secrets; any value, checked here. */
  readonly document: unknown;
  /** Work everything out, change nothing. */
  readonly validateOnly: boolean;
}

export interface ClientChange {
  readonly clientId: string;
  readonly outcome: 'created' | 'updated' | 'unchanged';
  readonly warnings: readonly string[];
}

export interface SecretOrder {
  readonly clientId: string;
  /** Days from now until it ends, 1 to 730. */
  readonly days: number;
  readonly validateOnly: boolean;
}

export interface AddedSecret extends ClientSecretState {
  readonly clientId: string;
  /** Shown this once: nobody can read it again. `null`: nothing was changed. */
  readonly secret: string | null;
}

export interface ClientAdministration {
  /** Every client, in the order of their ids. */
  clients(context: CallContext): Promise<readonly ClientOverview[]>;

  /** @throws CodedError `CLIENT_UNKNOWN` */
  client(context: CallContext, clientId: string): Promise<ClientReview>;

  /**
   * Brings a client to this state, made where it is new; its secrets stay as they are. Clients whose tokens are for the administration
   * itself are for the command line alone.
   *
   * @throws CodedError `CLIENT_INVALID` with every fault, `OPERATOR_NOT_PERMITTED`
   */
  put(context: CallContext, order: ClientPutOrder): Promise<ClientChange>;

  /** Keeps a client out, or lets it in again. @throws CodedError `CLIENT_UNKNOWN` */
  switchClient(
    context: CallContext,
    order: { readonly clientId: string; readonly status: 'active' | 'disabled'; readonly validateOnly: boolean },
  ): Promise<ClientChange>;

  /**
   * Makes a secret of 256 random bits beside the one that is there, so that one can follow the other.
   *
   * @throws CodedError `CLIENT_UNKNOWN`; `CLIENT_INVALID` where it has two, or may not use one
   */
  addSecret(context: CallContext, order: SecretOrder): Promise<AddedSecret>;

  /** Ends a secret now. @throws CodedError `CLIENT_UNKNOWN` */
  removeSecret(
    context: CallContext,
    order: { readonly clientId: string; readonly secretId: string; readonly validateOnly: boolean },
  ): Promise<void>;
}

export const CLIENT_ADMINISTRATION: unique symbol = Symbol('ClientAdministration');
