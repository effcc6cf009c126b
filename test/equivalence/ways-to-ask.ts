/** The same question, in every way in which it can be asked: over real transports, or by what a token says. */
import { status } from '@grpc/grpc-js';
import type { Host } from '#clients/host.js';
import type { CheckSubject } from '#protos/generated/countersign/auth/v1/auth.js';
import { Envoy } from '../gateways/gateway.service.js';
import { exchangeForm, post } from '../support/callers.js';
import { batchOverGrpc, postJson } from '../support/checks.js';

/** About one subject of one tenant. */
export interface Asked {
  readonly tenant: string;
  readonly subject: { readonly type: string; readonly id: string };
  /** One of ours about the very same subject; `null`: it could have none. */
  readonly token: IssuedToken | null;
  readonly context: object;
  readonly questions: readonly Question[];
}

export interface Question {
  readonly permission: string;
  readonly resource: { readonly type: string; readonly id: string };
  /** What is told of the resource beside type and id. */
  readonly properties: Readonly<Record<string, unknown>>;
}

export interface IssuedToken {
  readonly value: string;
  readonly sub: string;
  readonly permissions: readonly string[];
  readonly conditionalCount: number;
}

/** `allowed` or not, and why, where the way tells. */
export type Told = readonly [allowed: boolean, code: string];

interface Caller {
  readonly host: Host;
  /** Of a client that may ask. */
  readonly asker: string;
  /** Of a client that may have tokens. */
  readonly exchanger: string;
  readonly audience: string;
}

export class WaysToAsk {
  private readonly envoy: Envoy;

  constructor(private readonly caller: Caller) {
    this.envoy = new Envoy(caller.host.grpcAddress);
  }

  close(): void {
    this.envoy.close();
  }

  async authzen({ tenant, subject, context, questions }: Asked, token?: IssuedToken): Promise<readonly Told[]> {
    const named = token === undefined ? subject : { ...subject, id: token.sub, properties: { token: token.value } };
    const evaluations = questions.map(({ permission, resource, properties }) => ({
      action: { name: permission },
      resource: { ...resource, properties },
    }));
    const body = { subject: named, context: { ...context, tenant }, evaluations };
    const answer = await postJson(this.caller.host, '/access/v1/evaluations', this.caller.asker, body);
    const told = answer.body['evaluations'] as readonly {
      readonly decision: boolean;
      readonly context: { readonly code: string };
    }[];
    return told.map(({ decision, context: { code } }) => [decision, code]);
  }

  async grpc({ tenant, subject, context, questions }: Asked, token?: IssuedToken): Promise<readonly Told[]> {
    const about: CheckSubject =
      token === undefined ? { by: { $case: 'key', value: subject.id } } : { by: { $case: 'token', value: token.value } };
    const items = questions.map(({ permission, resource, properties: { unit, path, ...attributes } }) => ({
      permission,
      resource: { ...resource, unit: textOf(unit), path: textOf(path), attributes },
    }));
    const question = { subject: about, items, explain: false, circumstances: { tenant, context: { ...context, tenant } } };
    const { response, failure } = await batchOverGrpc(this.caller.host, this.caller.asker, question);
    if (failure !== undefined) throw new Error(`${failure.code} ${failure.reason}`);
    return response.decisions.map(({ allowed, code }) => [allowed, code]);
  }

  /** Which permissions only a check can decide, of a token that leaves some open. */
  async leftOpen({ value }: IssuedToken, permissions: readonly string[]): Promise<ReadonlySet<string>> {
    const items = permissions.map((permission) => ({ permission, resource: undefined }));
    const subject: CheckSubject = { by: { $case: 'token', value } };
    const { response } = await batchOverGrpc(this.caller.host, this.caller.asker, {
      subject,
      items,
      explain: false,
      circumstances: {},
    });
    const open = response?.decisions.map(({ code }) => code === 'conditional' || code === 'condition_unknown') ?? [];
    return new Set(permissions.filter((_permission, at) => open[at]));
  }

  /** Of a route that needs the permission, on the resource that it names. */
  async extAuthz({ value }: IssuedToken, { permission, resource }: Question): Promise<Told> {
    const path = `/${permission.replaceAll(':', '/')}/${resource.type}/${resource.id}`;
    const answer = await this.envoy.check(this.caller.asker, { path, headers: { authorization: `Bearer ${value}` } });
    if ('reason' in answer) throw new Error(`${answer.code} ${answer.reason}`);
    return [answer.status?.code === status.OK, String(answer.dynamicMetadata?.['code'])];
  }

  /** `null`: there is nothing that a token could say. */
  async exchange(upstream: string, tenant: string): Promise<IssuedToken | null> {
    const form = exchangeForm(upstream, { audience: this.caller.audience, tenant });
    const { status: answered, body } = await post(this.caller.host, form, { authorization: this.caller.exchanger });
    if (answered === 400 && ['PERMISSION_NONE', 'SUBJECT_DISABLED'].includes(String(body['code']))) return null;
    const value = String(body['access_token'] ?? JSON.stringify(body));
    const claims = JSON.parse(Buffer.from(value.split('.')[1] ?? '', 'base64url').toString()) as Readonly<
      Record<string, unknown>
    >;
    return {
      value,
      sub: String(claims['sub']),
      permissions: (claims['permissions'] ?? []) as readonly string[],
      conditionalCount: Number(claims['cnd'] ?? 0),
    };
  }
}

function textOf(value: unknown): string {
  return typeof value === 'string' ? value : '';
}
