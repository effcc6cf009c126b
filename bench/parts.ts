/** What each part of an exchange costs in one process, one after the other: where to look before a profile. */
import { auditRow } from '#accessors/audit/audit-row.js';
import { StrictJwsParser } from '#engines/token-validation/strict-jws.parser.js';
import type { ExchangeRecord } from '#accessors/audit/contract.js';
import type { FactQuestion } from '#accessors/facts/contract.js';
import type { PermissionRequest } from '#engines/permission/contract.js';
import type { MintRequest } from '#engines/signing/contract.js';
import type { Principal } from '#engines/token-validation/contract.js';
import type { CleanUp } from './processes/clean-up.js';
import { ownCpuMicroseconds } from './processes/parent-link.js';
import { median } from './report/summary.js';
import { benchAudience, benchClientId } from './world/population.js';
import { assembleParts } from './world/service.parts.js';
import type { ServiceParts } from './world/service.parts.js';

interface Part {
  readonly name: string;
  run(turn: number): unknown;
}

const rounds = 5;
const turnsPerRound = 4000;

export async function timeParts(cleanUp: CleanUp, say: (line: string) => void): Promise<void> {
  const parts = await partsOf(await assembleParts(cleanUp));
  const costs: Record<string, number> = {};
  say(`CPU µs for each call, median of ${rounds} rounds of ${turnsPerRound}`);
  for (const part of parts) {
    const cost = await costOf(part);
    costs[part.name] = Math.round(cost * 100) / 100;
    say(`${cost.toFixed(2).padStart(8)}  ${part.name}`);
  }
  say(JSON.stringify({ partsCpuUs: costs, node: process.version }));
}

/** The first round warms up and does not count. */
async function costOf(part: Part): Promise<number> {
  const costs: number[] = [];
  for (let round = 0; round <= rounds; round += 1) {
    const before = ownCpuMicroseconds();
    for (let turn = 0; turn < turnsPerRound; turn += 1) await part.run(turn);
    costs.push((ownCpuMicroseconds() - before) / turnsPerRound);
  }
  return median(costs.slice(1)) ?? 0;
}

async function partsOf(service: ServiceParts): Promise<readonly Part[]> {
  const { context, subjectTokens } = service;
  const parser = new StrictJwsParser();
  const tokenAt = (turn: number): string => subjectTokens[turn % subjectTokens.length] ?? '';
  const client = await service.registrationAccess.authenticateClient(context, benchClientId, service.clientSecret);
  if (client === undefined) throw new Error('the client of the bench is not registered');
  const validate = (token: string) =>
    service.tokenValidationEngine.validate(context, { token, field: 'subject_token', presenter: client });
  const report = await validate(tokenAt(0));
  if (report.outcome === 'rejected') throw new Error(`the token of the bench is refused: ${report.findings[0].code}`);
  const { principal } = report;
  const tenantId = principal.tenants[0]?.tenantId ?? '';
  const request = await permissionRequest(service, principal, tenantId);
  const decision = service.permissionEngine.effectivePermissions(request);
  if (decision.effect === 'refused') throw new Error(`the subject of the bench is refused: ${decision.because}`);
  const mint = mintRequest(principal, decision);
  const factsQuestion = questionOf(principal, tenantId);
  return [
    { name: 'await of nothing', run: () => Promise.resolve() },
    {
      name: 'authenticate the client',
      run: () => service.registrationAccess.authenticateClient(context, benchClientId, service.clientSecret),
    },
    { name: 'parse the subject token strictly', run: (turn) => parser.parse(tokenAt(turn)) },
    { name: 'validate the subject token, parsing and signature included', run: (turn) => validate(tokenAt(turn)) },
    { name: 'read policy, cached', run: () => service.policyAccess.activePolicy(context, tenantId) },
    { name: 'read facts, cached', run: () => service.factAccess.factsOf(context, factsQuestion) },
    { name: 'compute the permissions', run: () => service.permissionEngine.effectivePermissions(request) },
    { name: 'mint the issued token, signature included', run: () => service.signingEngine.mint(context, mint) },
    {
      name: 'encode the audit record',
      run: () => auditRow(context, exchangeRecord(tenantId), { id: context.diagnosticId, at: 1_790_000_000_000 }),
    },
  ];
}

async function permissionRequest(service: ServiceParts, principal: Principal, tenantId: string): Promise<PermissionRequest> {
  const { context } = service;
  const application = await service.registrationAccess.applicationFor(context, benchAudience);
  if (application === undefined) throw new Error('the application of the bench is not registered');
  const now = 1_790_000_000_000;
  return {
    policy: await service.policyAccess.activePolicy(context, tenantId),
    application,
    facts: await service.factAccess.factsOf(context, questionOf(principal, tenantId)),
    external: { values: new Map(), unavailable: new Set(), validUntil: null },
    claims: { ...principal },
    context: null,
    boundary: ['bench:**'],
    ceiling: null,
    scope: null,
    unit: null,
    now,
    until: now + 600_000,
  };
}

/** Always the same one, so that facts are answered from memory. */
function questionOf({ identity }: Principal, tenantId: string): FactQuestion {
  return { tenantId, subject: { by: 'identity', identity }, groups: [] };
}

function mintRequest(
  principal: Principal,
  granted: { readonly permissions: readonly string[]; readonly scope: string },
): MintRequest {
  return {
    kind: principal.kind,
    identity: principal.identity,
    clientId: benchClientId,
    actorClientId: null,
    audience: benchAudience,
    algorithm: 'ES256',
    tenant: 'bench',
    permissions: granted.permissions,
    scope: granted.scope,
    details: [],
    conditionalCount: 0,
    reference: {
      identity: principal.identity,
      issuer: principal.issuer,
      iss: 'https://login.bench.example',
      roles: [],
      groups: [],
      conditionalBits: [],
    },
    acr: principal.acr,
    amr: principal.amr,
    authTime: principal.authTime,
    policyVersion: 'main@1',
    epoch: 1,
    lifetimeSeconds: null,
    notAfter: principal.expiresAt,
  };
}

function exchangeRecord(tenantId: string): ExchangeRecord {
  return {
    outcome: 'issued',
    tenantId,
    clientId: benchClientId,
    case: 'own',
    subject: 'u_0123456789012345678901234567890123456789012',
    actor: null,
    issuer: 'directory',
    audience: benchAudience,
    tokenId: '00000000-0000-4000-8000-000000000000',
    kid: '0123456789012345678901234567890123456789012',
    expiresAt: 1_790_000_600,
    permissionCount: 18,
    policyVersion: 'main@1',
    epoch: 1,
    subjectTokenSha256: '0'.repeat(64),
  };
}
