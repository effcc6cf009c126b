/** The conditions of the workload as `@bufbuild/cel` evaluates them, in the place of the closures: for comparison. */
import { celEnv, celFunc, CelScalar, parse, plan, type CelInput } from '@bufbuild/cel';
import { timestampFromMs } from '@bufbuild/protobuf/wkt';
import type { PermissionRequest } from '#engines/permission/contract.js';
import type { Closure, ConditionPair } from './condition.pairs.js';

type Bindings = Record<string, CelInput>;

export function bufbuildClosures(pairs: readonly ConditionPair[]): ReadonlyMap<string, Closure> {
  const inCidr = celFunc('inCidr', [CelScalar.STRING, CelScalar.STRING], CelScalar.BOOL, isWithin);
  const env = celEnv({ funcs: [inCidr] });
  const prepared = new WeakMap<PermissionRequest, Bindings>();
  const bindingsOf = (request: PermissionRequest): Bindings => {
    const known = prepared.get(request) ?? bindings(request);
    prepared.set(request, known);
    return known;
  };
  return new Map(
    pairs.map(({ key, expression }) => {
      const evaluate = plan(env, parse(expression));
      return [key, (request: PermissionRequest): boolean => evaluate(bindingsOf(request)) === true];
    }),
  );
}

function bindings({ facts, claims, context, now }: PermissionRequest): Bindings {
  const attributes = facts.subject?.attributes ?? {};
  return {
    subject: mapOf({ ...attributes, level: BigInt(Number(attributes['level'])) }),
    tenant: mapOf(facts.tenantAttributes),
    session: mapOf({ amr: [...claims.amr], auth_time: timestampFromMs((claims.authTime ?? 0) * 1000) }),
    context: mapOf(context ?? {}),
    now: timestampFromMs(now),
  };
}

function mapOf(members: Readonly<Record<string, unknown>>): CelInput {
  return new Map(Object.entries(members)) as CelInput;
}

function isWithin(address: string, network: string): boolean {
  const [base = '', length = ''] = network.split('/');
  const bits = (text: string): number =>
    text.split('.').reduce((all, part) => all * 256 + Number(part), 0) >>> (32 - Number(length));
  return bits(address) === bits(base);
}
