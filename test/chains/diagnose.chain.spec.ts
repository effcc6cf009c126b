import { describe, expect, it } from '@jest/globals';
import type { RegisteredClient } from '#accessors/registration/contract.js';
import { explainedTokenLines } from '#clients/cli/token.lines.js';
import { DefaultDiagnosisEngine } from '#engines/diagnosis/default.diagnosis.engine.js';
import type { DiagnosisManager } from '#managers/diagnosis/contract.js';
import { DefaultDiagnosisManager } from '#managers/diagnosis/default.diagnosis.manager.js';
import { DefaultFailureSignatures } from '#utilities/failure-signatures/default.failure-signatures.js';
import { CLIENT } from '../vectors/stub.issuer.access.js';
import { CONTEXT, ValidationBench } from '../vectors/validation-bench.js';
import { recorded } from './recorder.js';

const none = { listedPresenters: [], apiAudiences: [], targets: [] };
const portal: RegisteredClient = { clientId: 'portal', ownPresenters: [{ issuer: 'contoso', id: CLIENT }], ...none };
const stranger: RegisteredClient = { clientId: 'stranger', ownPresenters: [], ...none };

const diagnosisEngine = new DefaultDiagnosisEngine({ signatures: new DefaultFailureSignatures() });
const INSPECT = 'TokenValidationEngine.inspect';

describe('The diagnosis chain', () => {
  it('is exactly this for a token that is good: every client is tried', async () => {
    const { bench, manager, calls } = buildHouse();
    const told = await manager.explainToken(CONTEXT, { token: bench.v2Token(), clientId: 'portal' });
    expect(calls).toEqual([
      'DiagnosisManager.explainToken',
      'RegistrationAccess.clientNamed',
      INSPECT,
      'ClientRegistry.clients',
      ...[INSPECT, INSPECT],
    ]);
    expect(told).toMatchObject({
      accepted: true,
      findings: [],
      issuer: 'contoso',
      signatureProven: true,
      presenters: ['portal'],
    });
    expect(told.checks.filter(({ outcome }) => outcome !== 'passed')).toEqual([]);
  });

  it('asks about no client where the token is refused from anybody', async () => {
    const { bench, manager, calls } = buildHouse();
    const told = await manager.explainToken(CONTEXT, {
      token: bench.v2Token({ aud: 'other', exp: bench.now - 5 }),
      clientId: null,
    });
    expect(calls).toEqual(['DiagnosisManager.explainToken', INSPECT]);
    expect(told.findings.map(({ code }) => code)).toEqual(['TOKEN_AUDIENCE_MISMATCH', 'TOKEN_EXPIRED']);
    expect(told).toMatchObject({ accepted: false, presenters: null, subject: null });
  });

  it('says from whom it would be taken where only the wrong one hands it in', async () => {
    const { bench, manager } = buildHouse();
    const told = await manager.explainToken(CONTEXT, { token: bench.v2Token(), clientId: 'stranger' });
    expect(told).toMatchObject({ accepted: false, findings: [{ check: 'presenter' }], presenters: ['portal'] });
  });

  it('has nothing proven, and skips what builds on it, where the issuer is unknown', async () => {
    const { bench, manager } = buildHouse();
    const told = await manager.explainToken(CONTEXT, {
      token: bench.v2Token({ iss: 'https://elsewhere.example' }),
      clientId: null,
    });
    expect(told).toMatchObject({ accepted: false, issuer: null, signatureProven: false, presenters: null });
    expect(told.checks).toContainEqual({ check: 'signature', outcome: 'not-run' });
    expect(told.token?.claims['iss']).toBe('https://elsewhere.example');
  });

  it('knows of no client by another name', async () => {
    const { bench, manager } = buildHouse();
    const asked = manager.explainToken(CONTEXT, { token: bench.v2Token(), clientId: 'nobody' });
    await expect(asked).rejects.toMatchObject({ code: 'CLIENT_UNKNOWN' });
  });

  it('is one question for an error, and asks nobody else', () => {
    const { manager, calls } = buildHouse();
    const told = manager.explainError(CONTEXT, 'AADSTS65001: consent');
    expect(calls).toEqual(['DiagnosisManager.explainError', 'DiagnosisEngine.explain']);
    expect(told).toMatchObject({
      saidBy: 'identity-provider',
      causes: [{ code: 'ENTRA_CONSENT_MISSING', certainty: 'certain' }],
    });
  });

  it('tells neither the token nor its signature, and no text of it moves the terminal', async () => {
    const { bench, manager } = buildHouse();
    const token = bench.v2Token({ name: '\u001b[2J\u202egone', note: 'x'.repeat(5_000) });
    const told = await manager.explainToken(CONTEXT, { token, clientId: null });
    const lines = explainedTokenLines(told);
    for (const text of [JSON.stringify(told), lines.join('\n')]) {
      expect(text).not.toContain(token.slice(token.lastIndexOf('.') + 1));
      expect(text).not.toContain(token.split('.')[1]);
    }
    expect(lines.join('')).not.toMatch(/[\u001b\u202e]/u);
    expect(lines.join('\n')).toContain('\\u202egone');
    expect(Math.max(...lines.map(({ length }) => length))).toBeLessThan(1_000);
  });
});

function buildHouse() {
  const calls: string[] = [];
  const bench = new ValidationBench();
  const clients = [portal, stranger];
  const manager: DiagnosisManager = new DefaultDiagnosisManager({
    tokenValidationEngine: recorded('TokenValidationEngine', bench.engine, calls),
    diagnosisEngine: recorded('DiagnosisEngine', diagnosisEngine, calls),
    registrationAccess: recorded(
      'RegistrationAccess',
      { clientNamed: (_context: unknown, id: string) => Promise.resolve(clients.find(({ clientId }) => clientId === id)) },
      calls,
    ),
    clientRegistry: recorded(
      'ClientRegistry',
      { clients: () => Promise.resolve(clients.map((client) => ({ client, status: 'active' as const, secrets: [] }))) },
      calls,
    ),
  });
  return { bench, calls, manager: recorded('DiagnosisManager', manager, calls) };
}
