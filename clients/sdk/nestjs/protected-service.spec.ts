import { status } from '@grpc/grpc-js';
import {
  BadRequestException,
  type CanActivate,
  Controller,
  Get,
  Module,
  type PipeTransform,
  UseGuards,
  UsePipes,
} from '@nestjs/common';
import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import { GrpcMethod, GrpcStreamMethod, Payload, RpcException } from '@nestjs/microservices';
import { concat, finalize, last, map, NEVER, type Observable, of } from 'rxjs';
import { ErrorInfo, Help } from '../../../protos/generated/google/rpc/error_details.js';
import { Status } from '../../../protos/generated/google/rpc/status.js';
import { until } from '../../../test/support/until.js';
import { authenticated, open } from '../access.js';
import { CountersignError } from '../countersign-error.js';
import { LiveIssuer } from '../fixtures/tokens-of-now.js';
import { requirePermissions } from '../permission-guards.js';
import type { VerifiedToken } from '../verified-token.js';
import { AnyAuthenticated, CurrentSubject, Public, RequirePermissions, RequireStepUp } from './access.decorators.js';
import { Admission } from './admission.js';
import { CountersignModule } from './countersign.module.js';
import { type Answer, call, type Invoice, start, type Started } from './fixtures/billing.service.js';

/** What the next call of `GetInvoice` throws. */
let thrown: unknown;
const handled: string[] = [];

class RefusingPipe implements PipeTransform {
  transform(value: unknown): unknown {
    if (thrown === 'in a pipe') throw new BadRequestException('id is no number');
    return value;
  }
}

/** Of the application's own, as most people write it. */
class ClosedOnSundays implements CanActivate {
  canActivate(): boolean {
    return thrown !== 'on a sunday';
  }
}

@UseGuards(ClosedOnSundays)
@Controller()
class Billing {
  @RequirePermissions('billing:invoice:read')
  @UsePipes(RefusingPipe)
  @GrpcMethod('Billing', 'GetInvoice')
  get(@Payload() { id }: Invoice, @CurrentSubject() { subject }: VerifiedToken): Invoice {
    handled.push(subject);
    if (thrown !== undefined && thrown !== 'in a pipe') throw thrown as Error;
    return { id: `${id} of ${subject}` };
  }

  @AnyAuthenticated()
  @GrpcMethod('Billing', 'ListInvoices')
  list(@CurrentSubject() { permissions }: VerifiedToken): Observable<Invoice> {
    handled.push('list');
    if (!permissions.includes('billing:invoice:watch')) return of({ id: '1' }, { id: '2' });
    return concat(of({ id: '1' }), NEVER).pipe(finalize(() => handled.push('let go')));
  }

  @RequirePermissions('billing:invoice:create')
  @GrpcStreamMethod('Billing', 'Upload')
  upload(invoices: Observable<Invoice>): Observable<Invoice> {
    handled.push('upload');
    return invoices.pipe(
      last(),
      map(({ id }) => ({ id: `last ${id}` })),
    );
  }
}

@RequirePermissions('billing:invoice:read')
@Controller('invoices')
class Invoices {
  @Get()
  list(@CurrentSubject() { subject, permissions }: VerifiedToken): object {
    return { subject, permissions };
  }

  @Public()
  @Get('health')
  health(): object {
    return { ok: true };
  }

  @Public()
  @Get('who')
  who(@CurrentSubject() token: VerifiedToken | undefined): object {
    return { who: token?.subject ?? 'nobody' };
  }

  @RequireStepUp({ acrValues: ['c2'], maxAgeSeconds: 300 })
  @Get('salaries')
  salaries(): object {
    return { ok: true };
  }

  @Get('archive')
  archive(@CurrentSubject() token: VerifiedToken): object {
    requirePermissions(token, 'billing:archive:read');
    return {};
  }

  @Get('elsewhere')
  elsewhere(): object {
    throw new CountersignError({ ...TOLD, retryable: false });
  }
}

/** What another service said to this program when a handler called it. */
const TOLD = {
  reason: 'TOKEN_EXPIRED',
  message: 'Its own token ended.',
  retryable: true,
  helpUrl: 'https://x.test/',
  saidBy: 'service',
} as const;

let issuer: LiveIssuer;
let service: Started;

beforeAll(async () => {
  issuer = await new LiveIssuer().open();
  const countersign = CountersignModule.forRoot({
    verifier: issuer.verifier,
    realm: 'billing',
    resourceMetadata: 'https://api.acme.test/.well-known/oauth-protected-resource',
  });
  @Module({ imports: [countersign], controllers: [Billing, Invoices] })
  class Application {}
  service = await start(Application);
});

afterAll(async () => {
  await service.close();
  await issuer.close();
});

const invoice = (claims: object = {}): Promise<Answer> =>
  call(service.grpc, 'GetInvoice', { authorization: issuer.bearer(claims) });

async function throwing(error: unknown): Promise<Answer> {
  thrown = error;
  const answer = await invoice();
  thrown = undefined;
  return answer;
}

const detailsOf = ({ metadata }: Answer): Status => Status.decode(metadata.get('grpc-status-details-bin')[0] as Buffer);
const errorInfo = (answer: Answer): ErrorInfo => ErrorInfo.decode(detailsOf(answer).details[0]!.value);

describe('Over gRPC', () => {
  it('nobody comes in without a token, to a handler of any kind', async () => {
    handled.length = 0;
    for (const method of ['GetInvoice', 'ListInvoices', 'Upload'] as const) {
      const { code, messages, metadata } = await call(service.grpc, method);
      expect({ method, code, messages }).toEqual({ method, code: status.UNAUTHENTICATED, messages: [] });
      expect(metadata.get('www-authenticate')).toEqual([
        'Bearer realm="billing", resource_metadata="https://api.acme.test/.well-known/oauth-protected-resource"',
      ]);
    }
    expect(handled).toEqual([]);
  });

  it('a bad token says why, in words for programs and with a way to help', async () => {
    const answer = await call(service.grpc, 'GetInvoice', { authorization: issuer.bearer({ aud: 'https://other.test' }) });
    expect(answer).toMatchObject({ code: status.UNAUTHENTICATED, message: 'The token is for another audience.' });
    expect(answer.metadata.get('www-authenticate')[0]).toContain('error="invalid_token"');
    expect(detailsOf(answer)).toMatchObject({ code: status.UNAUTHENTICATED, message: answer.message });
    expect(errorInfo(answer)).toMatchObject({ reason: 'TOKEN_AUDIENCE_MISMATCH', domain: 'countersign' });
    const [link] = Help.decode(detailsOf(answer).details[1]!.value).links;
    expect(link?.url).toBe(`${issuer.issuer}/docs/sdk/verifier.md#token_audience_mismatch`);
  });

  it('the permission of the handler decides', async () => {
    expect(await invoice()).toMatchObject({ code: status.OK, messages: [{ id: '7 of u_ana' }] });
    const denied = await invoice({ permissions: ['billing:invoice:list'] });
    expect(denied).toMatchObject({ code: status.PERMISSION_DENIED, messages: [] });
    expect(denied.metadata.get('www-authenticate')[0]).toContain('error="insufficient_scope"');
    expect(denied.metadata.get('www-authenticate')[0]).toContain('scope="billing:invoice:read"');
  });

  it('streams of both kinds are guarded alike', async () => {
    const reader = { authorization: issuer.bearer() };
    const writer = { authorization: issuer.bearer({ permissions: ['billing:invoice:create'] }) };
    expect((await call(service.grpc, 'ListInvoices', reader)).messages).toHaveLength(2);
    expect(await call(service.grpc, 'Upload', reader)).toMatchObject({ code: status.PERMISSION_DENIED, messages: [] });
    expect(await call(service.grpc, 'Upload', writer)).toMatchObject({ code: status.OK, messages: [{ id: 'last 7' }] });
  });

  it('a stream ends with its token, and its source is let go', async () => {
    const now = Math.floor(Date.now() / 1_000);
    const authorization = issuer.bearer({ iat: now - 1, exp: now + 2, permissions: ['billing:invoice:watch'] });
    const answer = await call(service.grpc, 'ListInvoices', { authorization });
    expect(answer).toMatchObject({ code: status.UNAUTHENTICATED, message: 'The token has ended.', messages: [{ id: '1' }] });
    expect(errorInfo(answer).reason).toBe('TOKEN_EXPIRED');
    await until('the source is let go', () => handled.at(-1) === 'let go');
  });

  it('a bound token is no bearer token', async () => {
    const answer = await invoice({ cnf: { 'x5t#S256': 'thumb' } });
    expect(answer).toMatchObject({ code: status.UNAUTHENTICATED, message: expect.stringContaining('bound to a key') });
  });

  it('what a pipe refuses is INVALID_ARGUMENT, and not UNKNOWN', async () => {
    expect(await throwing('in a pipe')).toMatchObject({ code: status.INVALID_ARGUMENT, message: 'id is no number' });
  });

  it('what another guard of the application refuses is PERMISSION_DENIED, and not UNKNOWN', async () => {
    expect(await throwing('on a sunday')).toMatchObject({ code: status.PERMISSION_DENIED, message: 'Forbidden resource' });
  });

  it('what a handler says in the words of gRPC is said', async () => {
    const told = new RpcException({ code: status.FAILED_PRECONDITION, message: 'It is paid.' });
    expect(await throwing(told)).toMatchObject({ code: status.FAILED_PRECONDITION, message: 'It is paid.' });
  });

  it('of any other error the caller reads an id and nothing else', async () => {
    const answer = await throwing(new Error('password=hunter2'));
    expect(answer).toMatchObject({ code: status.INTERNAL, message: 'The call failed.' });
    expect(answer.metadata.get('error-id')[0]).toMatch(/^[0-9a-f]{32}$/);
    expect(JSON.stringify(answer)).not.toContain('hunter2');
  });

  it('what another service said to this one is not said to the caller, who would drop a good token', async () => {
    expect(await throwing(new CountersignError(TOLD))).toMatchObject({ code: status.UNAVAILABLE, message: 'The call failed.' });
    const theirs = Object.assign(new Error('x'), { code: status.UNAUTHENTICATED, details: 'x' });
    expect(await throwing(theirs)).toMatchObject({ code: status.INTERNAL, message: 'The call failed.' });
  });
});

describe('Over anything else', () => {
  it('there is no place for a token, so nobody comes in', async () => {
    const admission = new Admission({ verifier: issuer.verifier });
    await expect(admission.admit(undefined, authenticated())).rejects.toMatchObject({ reason: 'ACCESS_UNDECIDED' });
    await expect(admission.admit(undefined, open())).resolves.toBeUndefined();
  });
});

describe('Over HTTP', () => {
  const get = (path: string, headers: Record<string, string> = {}): Promise<Response> =>
    fetch(`${service.http}/invoices${path}`, { headers });
  const reader = (claims: object = {}): Record<string, string> => ({ authorization: issuer.bearer(claims) });

  it('the decision of the class holds for its handlers, and that of a handler wins', async () => {
    expect((await get('')).status).toBe(401);
    expect((await get('', reader({ permissions: [] }))).status).toBe(403);
    expect(await (await get('', reader())).json()).toEqual({ subject: 'u_ana', permissions: ['billing:invoice:read'] });
    expect((await get('/health')).status).toBe(200);
  });

  it('a refusal is problem details with code, id and an absolute address', async () => {
    const response = await get('', reader({ permissions: [] }));
    expect(response.headers.get('content-type')).toContain('application/problem+json');
    expect(response.headers.get('cache-control')).toBe('no-store');
    expect(response.headers.get('www-authenticate')).toContain('error="insufficient_scope"');
    const helpUrl = `${issuer.issuer}/docs/sdk/verifier.md#permission_denied`;
    const id = expect.stringMatching(/^[0-9a-f]{32}$/) as unknown;
    expect(await response.json()).toMatchObject({ code: 'PERMISSION_DENIED', status: 403, diagnosticId: id, helpUrl });
  });

  it('a public handler that asks who it is fails, and takes nobody for somebody', async () => {
    expect((await get('/who', reader())).status).toBe(500);
  });

  it('a sign-in that is too weak or too old has to be done again (RFC 9470)', async () => {
    const now = Math.floor(Date.now() / 1_000);
    const refused = await get('/salaries', reader({ acr: 'c2', auth_time: now - 301 }));
    expect(refused.status).toBe(401);
    expect(refused.headers.get('www-authenticate')).toContain(
      'error="insufficient_user_authentication", error_description="The user has to sign in again, or in a stronger way.", acr_values="c2", max_age="300"',
    );
    expect((await get('/salaries', reader({ acr: 'c1', auth_time: now }))).status).toBe(401);
    expect((await get('/salaries', reader({ acr: 'c2' }))).status).toBe(401);
    expect((await get('/salaries', reader({ acr: 'c2', auth_time: now - 290 }))).status).toBe(200);
    expect((await get('/salaries', reader({ acr: 'c2', auth_time: now, permissions: [] }))).status).toBe(403);
  });

  it('what a handler requires for itself is answered alike', async () => {
    const response = await get('/archive', reader());
    expect(response.status).toBe(403);
    expect(response.headers.get('www-authenticate')).toContain('scope="billing:archive:read"');
  });

  it('what another service said is no 401', async () => {
    const response = await get('/elsewhere', reader());
    expect(response.status).toBe(500);
    expect(response.headers.get('www-authenticate')).toBeNull();
    expect(await response.text()).not.toContain('TOKEN_EXPIRED');
  });

  it('a route that is not there is not found, and one that Nest refuses is as it was', async () => {
    expect((await get('/nothing', reader())).status).toBe(404);
  });
});
