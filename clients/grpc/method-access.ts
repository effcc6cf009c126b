/** Who may call a method. */
export type MethodAccess =
  { readonly kind: 'open' } | { readonly kind: 'client' } | { readonly kind: 'operator'; readonly permission: string };

/** Methods that need no caller: health for probes and, where switched on, reflection. */
const OPEN_SERVICES: readonly string[] = ['/grpc.health.v1.Health/', '/grpc.reflection.v1.', '/grpc.reflection.v1alpha.'];

/** What anybody may read over HTTP too. */
const OPEN_METHODS: ReadonlySet<string> = new Set(['/countersign.keys.v1.KeyService/GetJwks']);

const OPERATOR_METHODS: ReadonlyMap<string, string> = new Map([
  ['/countersign.keys.v1.KeyService/ListKeys', 'countersign:key:read'],
  ['/countersign.keys.v1.KeyService/RotateKeys', 'countersign:key:rotate'],
  ['/countersign.keys.v1.KeyService/TaintKey', 'countersign:key:revoke'],
  ['/countersign.keys.v1.KeyService/RevokeKey', 'countersign:key:revoke'],
  ['/countersign.policy.v1.PolicyService/LintPolicy', 'countersign:policy:read'],
  ['/countersign.policy.v1.PolicyService/TestPolicy', 'countersign:policy:plan'],
  ['/countersign.policy.v1.PolicyService/PlanPolicy', 'countersign:policy:plan'],
  ['/countersign.policy.v1.PolicyService/GetPlan', 'countersign:policy:read'],
  ['/countersign.policy.v1.PolicyService/ApprovePlan', 'countersign:policy:approve'],
  ['/countersign.policy.v1.PolicyService/ApplyPlan', 'countersign:policy:apply'],
  ['/countersign.policy.v1.PolicyService/ShadowPlan', 'countersign:policy:apply'],
  ['/countersign.policy.v1.PolicyService/RollbackPolicy', 'countersign:policy:apply'],
  ['/countersign.policy.v1.PolicyService/GetHistory', 'countersign:policy:read'],
  ['/countersign.policy.v1.PolicyService/DiffPolicy', 'countersign:policy:read'],
  ['/countersign.policy.v1.PolicyService/CanI', 'countersign:decision:read'],
  ['/countersign.policy.v1.PolicyService/WhoCan', 'countersign:decision:read'],
]);

/**
 * A method that is added later and forgotten here asks for client credentials, and its handler, which finds no operator, refuses
 * the call.
 */
export function accessOf(path: string): MethodAccess {
  if (OPEN_METHODS.has(path) || OPEN_SERVICES.some((prefix) => path.startsWith(prefix))) return { kind: 'open' };
  const permission = OPERATOR_METHODS.get(path);
  return permission === undefined ? { kind: 'client' } : { kind: 'operator', permission };
}
