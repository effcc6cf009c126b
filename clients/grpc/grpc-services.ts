import type { ServiceDefinition } from '@grpc/grpc-js';
import { AuthServiceService } from '#protos/generated/countersign/auth/v1/auth.js';
import { DiagnosticsServiceService } from '#protos/generated/countersign/diagnostics/v1/diagnostics.js';
import { KeyServiceService } from '#protos/generated/countersign/keys/v1/keys.js';
import { AuthorizationService } from '#protos/generated/envoy/service/auth/v3/external_auth.js';
import { PolicyServiceService } from '#protos/generated/countersign/policy/v1/policy.js';

interface ServedService {
  /** Full name: package and service. */
  readonly name: string;
  readonly definition: ServiceDefinition;
}

/**
 * Every service on the gRPC port but health and reflection. The handlers are found by name among the controllers; who may call a
 * method is said in `method-access.ts`, and a method that is forgotten there asks for client credentials.
 */
export const GRPC_SERVICES: readonly ServedService[] = [
  { name: 'countersign.auth.v1.AuthService', definition: AuthServiceService },
  { name: 'countersign.keys.v1.KeyService', definition: KeyServiceService },
  { name: 'countersign.policy.v1.PolicyService', definition: PolicyServiceService },
  {
    name: 'countersign.diagnostics.v1.DiagnosticsService',
    definition: DiagnosticsServiceService,
  },
  {
    name: 'envoy.service.auth.v3.Authorization',
    definition: AuthorizationService,
  },
];
