import 'reflect-metadata';
import type { AddressInfo } from 'node:net';
import type { INestApplication } from '@nestjs/common';
import { NestFactory } from '@nestjs/core';
import type { NestFastifyApplication } from '@nestjs/platform-fastify';
import {
  ADMINISTRATION_MANAGER,
  type AdministrationManager,
  ISSUER_ADMINISTRATION,
  type IssuerAdministration,
} from '#managers/administration/contract.js';
import { AUDIT_ADMINISTRATION, type AuditAdministration } from '#managers/administration/audit-administration.contract.js';
import { CLIENT_ADMINISTRATION, type ClientAdministration } from '#managers/administration/client-administration.contract.js';
import { LIVE_ADMINISTRATION, type LiveAdministration } from '#managers/administration/live-administration.contract.js';
import {
  REVOCATION_ADMINISTRATION,
  type RevocationAdministration,
} from '#managers/administration/revocation-administration.contract.js';
import { AUTHORIZATION_MANAGER, type AuthorizationManager } from '#managers/authorization/contract.js';
import { DIAGNOSIS_MANAGER, type DiagnosisManager } from '#managers/diagnosis/contract.js';
import { KEY_EMERGENCY, KEYRING_MANAGER, type KeyEmergency, type KeyringManager } from '#managers/keyring/contract.js';
import { KEY_SEALING, type KeySealing } from '#managers/keyring/key-sealing.contract.js';
import { POLICY_MANAGER, POLICY_QUESTIONS, type PolicyManager, type PolicyQuestions } from '#managers/policy/contract.js';
import type { CallContext } from '#utilities/call-context/contract.js';
import type { ListenerSettings, Settings } from '#utilities/config/contract.js';
import { AdmissionGate } from './admission-gate.js';
import { AppModule } from './app.module.js';
import { ERROR_PLACES, type ErrorPlaces } from './error-places.js';
import { type FoundationOptions, type OpenFoundations, openFoundations } from './foundations.js';
import { admissionInterceptor } from './grpc/admission.interceptor.js';
import { authenticationInterceptor } from './grpc/authentication.interceptor.js';
import { type Callers, CALLERS } from './grpc/callers.js';
import { GrpcServer } from './grpc/grpc-server.js';
import { HANDLER_DEADLINE, type HandlerDeadline } from './handler-deadline.js';
import { KEY_WATCHERS, type KeyWatchers } from './grpc/key-watchers.js';
import { NestLogger } from './nest-logger.js';
import { AUDIT_TIMER, type AuditTimer } from './timers/audit.timer.js';
import { CLIENT_WARNINGS_TIMER, type ClientWarningsTimer } from './timers/client-warnings.timer.js';
import { KEYRING_TIMER, type KeyringTimer } from './timers/keyring.timer.js';
import { REVOCATION_TIMER, type RevocationTimer } from './timers/revocation.timer.js';
import { type Readiness, READINESS } from './readiness.js';
import { createHttpAdapter, endConnectionsWithAnswers } from './rest/http-server.js';
import { DefaultClientCertificates } from './tls/default.client-certificates.js';
import { openListenersTls } from './tls/listeners-tls.js';
import type { ReloadedTls } from './tls/reloaded-tls.js';

/** Longest wait for requests in flight once the ports are closing. */
const DRAIN_LIMIT_MS = 10_000;

/** The running service. */
export interface Host {
  /** Where REST answers, as this process sees it. */
  readonly httpUrl: string;
  /** `host:port` where gRPC answers. */
  readonly grpcAddress: string;
  readonly administration: AdministrationManager;
  /** Looks at the certificates of both ports now; they are looked at every few seconds too. What is wrong is in the log. */
  reloadCertificates(): Promise<void>;
  /** Readiness off, wait `drainSeconds`, finish what is in flight, close everything. */
  stop(): Promise<void>;
}

/**
 * Starts the whole service: database, keys, REST and gRPC. Nothing is open before the keyring is prepared.
 *
 * @throws CodedError any operator code
 */
export async function startHost(settings: Settings, options: FoundationOptions): Promise<Host> {
  const foundations = await openFoundations(settings, options);
  try {
    return await startOn(foundations);
  } catch (error) {
    await foundations.close();
    throw error;
  }
}

/** What commands drive. The keyring is not prepared. */
export interface Managers {
  readonly administration: AdministrationManager;
  readonly issuers: IssuerAdministration;
  readonly clients: ClientAdministration;
  readonly liveAdministration: LiveAdministration;
  readonly revocations: RevocationAdministration;
  readonly auditAdministration: AuditAdministration;
  readonly keyring: KeyringManager;
  readonly keyEmergency: KeyEmergency;
  readonly keySealing: KeySealing;
  readonly policies: PolicyManager;
  readonly policyQuestions: PolicyQuestions;
  readonly diagnosis: DiagnosisManager;
}

/** As `startHost`, without any port: for commands that drive a Manager. */
export async function withManagers<Result>(
  settings: Settings,
  work: (managers: Managers, context: CallContext) => Promise<Result>,
  options: Pick<FoundationOptions, 'unsafeRole'> = {},
): Promise<Result> {
  const foundations = await openFoundations(settings, { migrate: false, ...options });
  try {
    const app = await NestFactory.createApplicationContext(AppModule.register(foundations), {
      logger: new NestLogger(foundations.logger),
      abortOnError: false,
    });
    const managers = {
      administration: app.get<AdministrationManager>(ADMINISTRATION_MANAGER),
      issuers: app.get<IssuerAdministration>(ISSUER_ADMINISTRATION),
      clients: app.get<ClientAdministration>(CLIENT_ADMINISTRATION),
      liveAdministration: app.get<LiveAdministration>(LIVE_ADMINISTRATION),
      revocations: app.get<RevocationAdministration>(REVOCATION_ADMINISTRATION),
      auditAdministration: app.get<AuditAdministration>(AUDIT_ADMINISTRATION),
      keyring: app.get<KeyringManager>(KEYRING_MANAGER),
      keyEmergency: app.get<KeyEmergency>(KEY_EMERGENCY),
      keySealing: app.get<KeySealing>(KEY_SEALING),
      policies: app.get<PolicyManager>(POLICY_MANAGER),
      policyQuestions: app.get<PolicyQuestions>(POLICY_QUESTIONS),
      diagnosis: app.get<DiagnosisManager>(DIAGNOSIS_MANAGER),
    };
    return await work(managers, { diagnosticId: foundations.ids.random(), transport: 'cli' });
  } finally {
    await foundations.close();
  }
}

async function startOn(foundations: OpenFoundations): Promise<Host> {
  const { settings, ids, logger } = foundations;
  const tls = openListenersTls(settings, logger);
  const gate = new AdmissionGate({ limit: settings.limits.concurrentRequests, counters: foundations.counters });
  const app = await NestFactory.create<NestFastifyApplication>(
    AppModule.register(foundations),
    createHttpAdapter({
      issuer: settings.issuer,
      ids,
      tls: tls.http,
      certificates: new DefaultClientCertificates(settings.http.certificateProxies),
      gate,
    }),
    { bodyParser: false, logger: new NestLogger(logger), abortOnError: false },
  );
  const grpc = connectGrpc(app, foundations, { tls: tls.grpc, gate });
  try {
    await app.get<KeyringManager>(KEYRING_MANAGER).prepare({ diagnosticId: ids.random(), transport: 'timer' });
    app.get<KeyringTimer>(KEYRING_TIMER).start();
    app.get<RevocationTimer>(REVOCATION_TIMER).start();
    app.get<ClientWarningsTimer>(CLIENT_WARNINGS_TIMER).start();
    app.get<AuditTimer>(AUDIT_TIMER).start();
    await app.startAllMicroservices();
    await app.listen(settings.http.port, settings.http.host);
  } catch (error) {
    await app.close();
    throw error;
  }
  tls.start();
  const readiness = app.get<Readiness>(READINESS);
  readiness.onChange((ready) => {
    grpc.setServing(ready);
  });
  readiness.set(true);
  const httpPort = (app.getHttpServer().address() as AddressInfo).port;
  const host: Host = {
    httpUrl: `${settings.http.tls === null ? 'http' : 'https'}://${authority(settings.http, httpPort)}`,
    grpcAddress: authority(settings.grpc, grpc.port),
    administration: app.get<AdministrationManager>(ADMINISTRATION_MANAGER),
    reloadCertificates: () => tls.reload(),
    stop: () => {
      tls.stop();
      return stop({ app, grpc, readiness, foundations });
    },
  };
  logger.info('host.started', { http: host.httpUrl, grpc: host.grpcAddress, issuer: settings.issuer });
  return host;
}

function connectGrpc(
  app: INestApplication,
  foundations: OpenFoundations,
  { tls, gate }: { readonly tls: ReloadedTls | null; readonly gate: AdmissionGate },
): GrpcServer {
  const places = app.get<ErrorPlaces>(ERROR_PLACES);
  const server = new GrpcServer({
    settings: foundations.settings.grpc,
    connections: foundations.settings.grpcConnections,
    tls,
    drainMilliseconds: DRAIN_LIMIT_MS,
    onClosing: () => {
      app.get<KeyWatchers>(KEY_WATCHERS).stop();
    },
    interceptors: [
      admissionInterceptor({ gate, ids: foundations.ids, places }),
      authenticationInterceptor({
        manager: app.get<AuthorizationManager>(AUTHORIZATION_MANAGER),
        callers: app.get<Callers>(CALLERS),
        counters: foundations.counters,
        deadline: app.get<HandlerDeadline>(HANDLER_DEADLINE),
        places,
        certificates: new DefaultClientCertificates(foundations.settings.grpc.certificateProxies),
        ids: foundations.ids,
        logger: foundations.logger,
      }),
    ],
  });
  app.connectMicroservice({ strategy: server }, { inheritAppConfig: true });
  return server;
}

interface Stopping {
  readonly app: NestFastifyApplication;
  readonly grpc: GrpcServer;
  readonly readiness: Readiness;
  readonly foundations: OpenFoundations;
}

async function stop({ app, grpc, readiness, foundations }: Stopping): Promise<void> {
  readiness.set(false);
  endConnectionsWithAnswers(app.getHttpServer());
  foundations.logger.info('host.draining', { seconds: foundations.settings.drainSeconds });
  await new Promise((resolve) => setTimeout(resolve, foundations.settings.drainSeconds * 1000));
  // The ports first: what requests in flight need, such as the trail of decisions, ends with the modules.
  await Promise.all([grpc.close(), app.getHttpAdapter().close()]);
  await app.close();
  await foundations.close();
  foundations.logger.info('host.stopped');
}

function authority(listener: ListenerSettings, port: number): string {
  const host = listener.host === '0.0.0.0' || listener.host === '::' ? '127.0.0.1' : listener.host;
  return host.includes(':') ? `[${host}]:${String(port)}` : `${host}:${String(port)}`;
}
