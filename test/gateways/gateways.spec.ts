import { afterAll, beforeAll, describe } from '@jest/globals';
import { edgeCases } from './edges.cases.js';
import { extAuthzCases } from './ext-authz.cases.js';
import { forwardAuthCases } from './forward-auth.cases.js';
import { type GatewayService, startGatewayService } from './gateway.service.js';
import { spellingCases } from './path-spellings.cases.js';

describe('A gateway', () => {
  let service: GatewayService;
  beforeAll(async () => {
    service = await startGatewayService();
  }, 60_000);
  afterAll(() => service.stop());

  describe('that is Envoy', () => extAuthzCases(() => service));
  describe('that asks over HTTP', () => forwardAuthCases(() => service));
  describe('CVE-2025-66490, CVE-2025-54576, CVE-2026-41059, CVE-2026-2880: however the path of a route is written', () =>
    spellingCases(() => service));
  describe('CVE-2026-40575, CVE-2025-64484: with the sample configuration', () => edgeCases(() => service));
});
