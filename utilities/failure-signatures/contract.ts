/**
 * Hides how the texts of gRPC clients, TLS libraries and proxies are read. Anyone may call; nothing here does I/O.
 *
 * SECURITY: what is told is for people who look for a cause. Texts and trailers are not authenticated: decide nothing by them.
 */
export interface FailureSignatures {
  /** All that are known, in the order in which they are preferred. */
  readonly all: readonly FailureSignature[];
  /**
   * What may have caused this, the likeliest first; empty: nothing known looks like it. Reads the first 64 KiB of the text, takes time
   * that grows with its length alone, and never throws, whatever it is given.
   */
  match(symptom: FailureSymptom): readonly FailureMatch[];
  /** Who refused or failed, as far as this can be told. Never throws. */
  whoSaidNo(symptom: FailureSymptom): SaidBy;
  /** Reads what people paste: `14 UNAVAILABLE: …` of a Node client, the output of grpcurl, a line of curl, OpenSSL or nginx. Never throws. */
  symptomOf(text: string): FailureSymptom;
}

/**
 * `own-service`: the service whose error domain was asked for. `other-service`: some gRPC server. `intermediary`: something between
 * client and server. `transport`: no connection, or it broke. `caller`: the client's own process, before anything was sent.
 */
export type SaidBy = 'own-service' | 'other-service' | 'intermediary' | 'transport' | 'caller' | 'unknown';

/** What somebody has seen. Whatever is not known is left out. */
export interface FailureSymptom {
  /** Number of the gRPC status (0–16). */
  readonly code?: number;
  /** The text beside the status, or any line of a log or a tool. */
  readonly details: string;
  /** Trailers, by lower-case name; binary ones as bytes or base64. Only `grpc-status-details-bin` is read. */
  readonly metadata?: Readonly<Record<string, string | Uint8Array>>;
  /** How the client connects. */
  readonly channel?: 'tls' | 'plaintext';
  /** What TLS agreed on (`socket.alpnProtocol`); `false`: nothing. */
  readonly alpn?: string | false;
  /** Names of metadata that the client sent, and of those that the server saw. Either without the other tells nothing. */
  readonly sent?: readonly string[];
  readonly arrived?: readonly string[];
  /** Domain of `google.rpc.ErrorInfo` of the service that was meant. */
  readonly ownDomain?: string;
}

/** `certain`: nothing else says this. `likely`: others could. `possible`: others are likelier. */
export type Certainty = 'certain' | 'likely' | 'possible';

export interface FailureMatch {
  readonly signature: FailureSignature;
  readonly certainty: Certainty;
  /** What was read out of the symptom: an HTTP status, the first letters of a page, the reason of a refusal; `null`: nothing more. */
  readonly reading: string | null;
}

/** One cause by what it looks like. Plain data: it can be printed, translated and compared. */
export interface FailureSignature {
  /** Stable. Never renamed, only retired. */
  readonly code: string;
  /** One sentence. */
  readonly cause: string;
  readonly saidBy: SaidBy;
  /** Any of them. */
  readonly when: readonly FailureCondition[];
  /** What would show that it is this one. */
  readonly evidence: string;
  /** Codes of what looks alike, each with what would tell the two apart. */
  readonly neighbours: Readonly<Record<string, string>>;
  /** In order. */
  readonly remedy: readonly string[];
  /** One command that tells more; `HOST`, `PORT` and `NAME` are to be replaced. */
  readonly next: string;
  /** Whether the same call may be sent again unchanged: `backoff` with growing, random waits. */
  readonly retry: 'never' | 'backoff';
  /** Where it was measured or is written. */
  readonly source: string;
}

/** Everything that it names has to hold. */
export interface FailureCondition {
  readonly certainty: Certainty;
  /** Names of gRPC statuses, one of them. A symptom without a status passes. */
  readonly status?: readonly string[];
  /** Texts, one of them, as part of `details`; case does not count. */
  readonly says?: readonly string[];
  /** Texts of which none may be part of `details`. */
  readonly saysNot?: readonly string[];
  /** The whole of `details`, one of them. */
  readonly isText?: readonly string[];
  /** Statuses of an HTTP answer without gRPC: `401`, or `5xx` for all of a hundred. */
  readonly http?: readonly string[];
  readonly httpNot?: readonly string[];
  /** Codes of RST_STREAM (RFC 9113 §7). */
  readonly reset?: readonly number[];
  /** What was read as the length of a message is four letters: of a page (`html`), or of any text. */
  readonly lettersAsLength?: 'html' | 'text' | 'none';
  readonly channel?: 'tls' | 'plaintext';
  /** Holds where it is not known how the client connects, too. */
  readonly channelNot?: 'tls' | 'plaintext';
  /** Whether TLS agreed on nothing. */
  readonly withoutAlpn?: true;
  /** Whether something was sent that did not arrive. */
  readonly metadataLost?: true;
  /** Whose `google.rpc.ErrorInfo` came with it. */
  readonly detailsOf?: 'own-service' | 'other-service';
}

export const FAILURE_SIGNATURES: unique symbol = Symbol('FailureSignatures');
