import { hash } from 'node:crypto';
import type { CallContext } from '#utilities/call-context/contract.js';
import { isCodedError } from '#utilities/errors/coded-error.js';
import { isServiceFault } from '#utilities/errors/service-fault.js';
import type { AuthorizationParts } from './authorization.parts.js';
import type { AuthenticatedClient, CheckSubject } from './contract.js';

/** Who asked for what, as far as it is known. */
export interface Refused {
  readonly client: AuthenticatedClient;
  /** Of which kind of question, for whoever reads the record. */
  readonly what: 'check' | 'effective permissions' | 'gateway' | 'evaluation' | 'search';
  readonly audience?: string | undefined;
  readonly subject?: CheckSubject;
}

/** Every refusal of an authenticated client is durable before the answer, also where no token would have come of it. */
export class RefusedRequests {
  constructor(private readonly deps: Pick<AuthorizationParts, 'auditAccess'>) {}

  /** What is to be thrown, once it has its record. What fails here, or is only too much, is no refusal. @throws CodedError `AUDIT_UNAVAILABLE` */
  async recorded(context: CallContext, asked: Refused, error: unknown): Promise<unknown> {
    if (!isCodedError(error) || isServiceFault(error.code)) return error;
    const { code, details } = error;
    const said = details.internal ?? details.actual;
    await this.deps.auditAccess.record(context, {
      outcome: 'refused',
      tenantId: null,
      clientId: asked.client.registration.clientId,
      code,
      issuer: null,
      audience: asked.audience ?? null,
      subjectTokenSha256: digestOf(asked.subject),
      detail: said === undefined ? asked.what : `${asked.what}: ${said}`,
    });
    return error;
  }
}

/** Of what is signed, as everywhere: the signature can be altered without breaking it. */
function digestOf(subject: CheckSubject | undefined): string | null {
  if (subject?.by !== 'token') return null;
  const end = subject.token.lastIndexOf('.');
  return hash('sha256', end < 0 ? subject.token : subject.token.slice(0, end));
}
