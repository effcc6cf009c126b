import { type ChannelCredentials, Client, type ClientOptions, credentials, Metadata } from '@grpc/grpc-js';
import { DefaultFailureSignatures } from '#utilities/failure-signatures/default.failure-signatures.js';
import type { FailureSymptom } from '#utilities/failure-signatures/contract.js';

export interface Probe {
  /** `host:port`. */
  readonly target: string;
  readonly credentials?: ChannelCredentials;
  readonly metadata?: Metadata;
  readonly options?: ClientOptions;
  readonly path?: string;
  readonly message?: Buffer;
  /** Default: long enough for whatever fails by itself. */
  readonly deadlineMs?: number;
}

const signatures = new DefaultFailureSignatures();
const same = (bytes: Buffer): Buffer => bytes;

/** One unary call by a Node client; what it sees if it fails, `null` if it does not. */
export function failureOf(probe: Probe): Promise<FailureSymptom | null> {
  const { target, path = '/example.v1.EchoService/Echo', message = Buffer.alloc(0), deadlineMs = 10_000 } = probe;
  // Whatever proxy the environment names is none of the hops that are tried here.
  const options = { 'grpc.enable_http_proxy': 0, ...probe.options };
  const client = new Client(target, probe.credentials ?? credentials.createInsecure(), options);
  const metadata = probe.metadata ?? new Metadata();
  return new Promise((resolve) => {
    client.makeUnaryRequest(path, same, same, message, metadata, { deadline: Date.now() + deadlineMs }, (error) => {
      client.close();
      resolve(error === null ? null : symptomOf(error));
    });
  });
}

function symptomOf(error: { readonly code: number; readonly details: string; readonly metadata: Metadata }): FailureSymptom {
  const [details] = error.metadata.get('grpc-status-details-bin');
  return {
    code: error.code,
    details: error.details,
    ...(details instanceof Buffer ? { metadata: { 'grpc-status-details-bin': details } } : {}),
  };
}

/** Codes that are known to look like it, the likeliest first; `OK` for no failure. */
export function codesOf(symptom: FailureSymptom | null): readonly string[] {
  if (symptom === null) return ['OK'];
  const found = signatures.match(symptom).map(({ signature }) => signature.code);
  return found.length === 0 ? [`unknown: ${String(symptom.code)} ${symptom.details}`] : found;
}

export function whoSaidNo(symptom: FailureSymptom | null): string {
  return symptom === null ? 'nobody' : signatures.whoSaidNo(symptom);
}

/** What a tool printed, as somebody would paste it. */
export function pasted(text: string): readonly string[] {
  return codesOf(signatures.symptomOf(text));
}
