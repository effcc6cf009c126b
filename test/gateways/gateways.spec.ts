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
  describe('however the path of a route is written', () => spellingCases(() => service));
  describe('with the sample configuration', () => edgeCases(() => service));
});
