import { randomBytes } from 'node:crypto';
import type { IncomingMessage, Server, ServerResponse } from 'node:http';
import { Server as TlsServer } from 'node:https';
import { listen, portOf, readBody, shut } from '#devkit/entra-issuer/loopback-server.js';
import type { Clock } from '#utilities/clock/contract.js';
import { FaultSchedule } from './fault-schedule.js';
import { badParameter, STAND_IN, type VaultAnswer, vaultError } from './vault-answer.js';
import { type AnsweredFault, faultAnswer } from './vault-faults.js';
import { CALM, type VaultKnobs, type VaultOperation } from './vault-knobs.js';
import { VaultLogin } from './vault-login.js';
import { VaultOperations } from './vault-operations.js';
import { parseBody, requestOf, type VaultRequest } from './vault-request.js';
import { sendAnswer } from './vault-sender.js';
import { type OwnToken, type TokenAuthority, VaultTokens } from './vault-tokens.js';

export interface VaultListening {
  /** PEM. The certificate is good for `hostname`. */
  readonly tls: { readonly cert: string; readonly key: string };
  /** Where it listens: this machine alone. Default `localhost`. */
  readonly host?: string;
  readonly port?: number;
  /** What the vault URL and the key ids name. Default `host`; for another one the client must resolve it to this machine. */
  readonly hostname?: string;
}

export interface StartedVault {
  /** `https://{hostname}:{port}`, without a slash at the end. */
  readonly vaultUrl: string;
  /** What the challenge asks a token for: `https://vault.azure.net` for a vault of that domain, else `https://{hostname}`. */
  readonly resource: string;
  /** What the challenge names: where to get the token. */
  readonly authorization: string;
  readonly banner: string;
}

export interface KeyVaultStandInDeps {
  readonly clock: Clock;
  /** Whose tokens it takes beside its own. Default: none. */
  readonly authority?: TokenAuthority;
}

export const STAND_IN_DIRECTORY_ID = '1f0c2a4e-6b7d-4c3a-9e5f-0a1b2c3d4e5f';
/** The one client of its own token endpoint. */
export const STAND_IN_CLIENT_ID = '2c4e6f80-1a2b-4c3d-8e9f-a0b1c2d3e4f5';
/** RFC 6761 §6.4: never resolves. */
export const UNRESOLVABLE_VAULT_URL = 'https://countersign-stand-in.vault.invalid';
const API_VERSIONS: ReadonlySet<string> = new Set(['7.2', '7.3', '7.4', '7.5', '7.6', '2025-07-01']);

/**
 * A stand-in that is shaped like the keys of Azure Key Vault, for development and tests: the authentication challenge, keys
 * with versions and soft-delete, signing, wrapping, the limits of a real vault, and knobs for everything that goes wrong.
 * Its keys are real, made at run time, and gone with the process. It listens on this machine alone.
 */
export class KeyVaultStandIn {
  /** Of the one client of its own token endpoint; new for each stand-in. */
  readonly clientSecret = randomBytes(32).toString('base64url');
  private knobs = CALM;
  private server: Server | null = null;
  private listening: Required<VaultListening> | null = null;
  private readonly calledBy = new Map<VaultOperation, number>();
  private readonly answeredWith = new Map<number, number>();
  private readonly schedule = new FaultSchedule();
  private readonly operations: VaultOperations;
  private readonly tokens: VaultTokens;
  private readonly login: VaultLogin;

  constructor(private readonly deps: KeyVaultStandInDeps) {
    this.operations = new VaultOperations({ clock: deps.clock, vaultUrl: () => this.vaultUrl() });
    this.tokens = new VaultTokens({
      clock: deps.clock,
      directoryId: STAND_IN_DIRECTORY_ID,
      clientId: STAND_IN_CLIENT_ID,
      resource: () => this.resource(),
      authority: deps.authority ?? null,
    });
    this.login = new VaultLogin({
      clientId: STAND_IN_CLIENT_ID,
      clientSecret: this.clientSecret,
      directoryId: STAND_IN_DIRECTORY_ID,
      now: () => deps.clock.now(),
      resource: () => this.resource(),
      issueToken: () => this.tokens.issue({}),
    });
  }

  async start({ tls, host = 'localhost', port = 0, hostname = host }: VaultListening): Promise<StartedVault> {
    this.listening = { tls, host, port, hostname };
    await this.open();
    const vaultUrl = this.vaultUrl();
    const banner = `Key-Vault-shaped stand-in on ${vaultUrl}. ${STAND_IN}.`;
    return { vaultUrl, resource: this.resource(), authorization: this.authorization(), banner };
  }

  async stop(): Promise<void> {
    const { server } = this;
    this.server = null;
    if (server !== null) await shut(server);
  }

  /** A token that the vault accepts, or with other wishes does not. */
  issueToken(wishes: OwnToken = {}): string {
    return this.tokens.issue(wishes);
  }

  /** Turns knobs; the others stay as they are. */
  async turn(knobs: Partial<VaultKnobs>): Promise<void> {
    this.knobs = { ...this.knobs, ...knobs };
    if (this.listening === null) return;
    if (this.knobs.outage === 'refused') await this.stop();
    else if (this.server === null) await this.open();
  }

  /** Shows another certificate to every new connection, and ends the old ones. */
  present(tls: VaultListening['tls']): void {
    if (this.listening === null || !(this.server instanceof TlsServer)) return;
    this.listening = { ...this.listening, tls };
    this.server.setSecureContext(tls);
    this.server.closeAllConnections();
  }

  /** How many requests came in for the operation, whatever became of them; all without it. */
  calls(operation?: VaultOperation): number {
    if (operation !== undefined) return this.calledBy.get(operation) ?? 0;
    return [...this.calledBy.values()].reduce((sum, count) => sum + count, 0);
  }

  /** How many answers had this status. */
  answers(status: number): number {
    return this.answeredWith.get(status) ?? 0;
  }

  /** Starts counting again. */
  forgetCounts(): void {
    this.calledBy.clear();
    this.answeredWith.clear();
  }

  private async open(): Promise<void> {
    if (this.listening === null) return;
    const { host, port, tls } = this.listening;
    this.server = await listen({ host, port, tls }, (request, response) => void this.serve(request, response));
    this.listening = { ...this.listening, port: portOf(this.server) };
  }

  private async serve(message: IncomingMessage, response: ServerResponse): Promise<void> {
    const url = new URL(message.url ?? '/', this.vaultUrl());
    const request = requestOf(message.method ?? '', url.pathname);
    if (request !== null) this.calledBy.set(request.operation, this.calls(request.operation) + 1);
    const { outage, slow } = this.knobs;
    if (outage === 'hang') return;
    if (outage === 'reset') {
      message.socket.destroy();
      return;
    }
    if (slow.delayMs > 0) await new Promise((resolve) => setTimeout(resolve, slow.delayMs));
    const answer = await this.answer(message, url, request);
    this.answeredWith.set(answer.status, this.answers(answer.status) + 1);
    await sendAnswer(response, answer, outage === 'cut' ? 'cut' : slow.drip ? 'drip' : 'whole');
  }

  private async answer(message: IncomingMessage, url: URL, request: VaultRequest | null): Promise<VaultAnswer> {
    const text = await readBody(message);
    const { method = '', headers } = message;
    if (this.login.isPath(method, url.pathname)) return this.login.answer(text ?? '', this.knobs.login);
    const fault = request === null ? null : this.schedule.faultFor(request.operation, this.knobs);
    const verdict = await this.tokens.judge(headers.authorization);
    if ('refusal' in verdict) return this.unauthorized(verdict.refusal);
    if (fault === 'unauthorized') return this.unauthorized('AKV10049: Error validating token.');
    if (request === null) return vaultError({ status: 404, code: 'NotFound', message: 'There is no such operation.' });
    if (fault !== null) return this.refuse(fault, request, verdict.caller);
    return this.serveCaller(request, text, url.searchParams);
  }

  /** What a caller is answered that is known and let in. */
  private serveCaller(request: VaultRequest, text: string | null, query: URLSearchParams): VaultAnswer | Promise<VaultAnswer> {
    const fromForm = formFault(query.get('api-version') ?? '');
    if (fromForm !== null) return fromForm;
    const body = parseBody(text);
    if (body === null) return badParameter('The request body is not a JSON object.');
    const beyond = this.operations.beyondLimits(request, this.knobs);
    return beyond ?? this.operations.perform({ ...request, body, query });
  }

  private refuse(fault: AnsweredFault, { operation, name }: VaultRequest, caller: string): VaultAnswer {
    const vaultName = this.hostname().split('.')[0] ?? '';
    return faultAnswer(fault, { knobs: this.knobs, caller, vaultName, keyName: name, action: operation });
  }

  private unauthorized(message: string): VaultAnswer {
    const { challenge } = this.knobs;
    const authorization = challenge?.authorization ?? this.authorization();
    const header = `Bearer authorization="${authorization}", resource="${challenge?.resource ?? this.resource()}"`;
    const headers = { 'www-authenticate': challenge?.header ?? header };
    return vaultError({ status: 401, code: 'Unauthorized', message, headers });
  }

  private authorization(): string {
    return this.deps.authority?.url ?? `${this.vaultUrl()}/${STAND_IN_DIRECTORY_ID}`;
  }

  private resource(): string {
    const hostname = this.hostname();
    return hostname.endsWith('.vault.azure.net') ? 'https://vault.azure.net' : `https://${hostname}`;
  }

  private vaultUrl(): string {
    return `https://${this.hostname()}:${this.listening?.port ?? 0}`;
  }

  private hostname(): string {
    return this.listening?.hostname ?? 'localhost';
  }
}

function formFault(apiVersion: string): VaultAnswer | null {
  if (apiVersion === '') return badParameter('api-version must be specified');
  if (API_VERSIONS.has(apiVersion)) return null;
  return badParameter(`The specified version (${apiVersion}) is not recognized.`);
}
