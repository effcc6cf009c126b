/** What `@countersign/sdk/nestjs` gives. It needs `@nestjs/microservices` and `@grpc/grpc-js` beside Nest. */
export { AnyAuthenticated, CurrentSubject, Public, RequirePermissions, RequireStepUp } from './access.decorators.js';
export { BootAuditError } from './boot-audit.js';
export { CountersignGuard } from './countersign.guard.js';
export { CountersignModule, type CountersignModuleOptions, VERIFIER } from './countersign.module.js';
export type { VerifiedToken } from '../verified-token.js';
