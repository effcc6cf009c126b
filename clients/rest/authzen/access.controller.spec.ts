import { describe, expect, it } from '@jest/globals';
import type { FastifyReply, FastifyRequest } from 'fastify';
import type { AccessSearch } from '#managers/authorization/access-search.contract.js';
import type { AuthorizationManager } from '#managers/authorization/contract.js';
import type { HandlerDeadline } from '../../handler-deadline.js';
import { authzenMetadata } from './access-metadata.js';
import { AccessController } from './access.controller.js';
import { readEvaluation, readSubjectSearch } from './access.requests.js';

const ISSUER = 'https://auth.example.com/sts';

describe('Searches that are switched off', () => {
  it('are not there, whoever asks', async () => {
    const access = { settings: { tenant: null, searches: [] } } as unknown as AccessSearch;
    const controller = new AccessController({} as AuthorizationManager, access, {} as HandlerDeadline);
    const [request, reply] = [{} as FastifyRequest, {} as FastifyReply];
    await expect(controller.searchAction(request, reply)).rejects.toMatchObject({ code: 'REQUEST_NOT_FOUND' });
    await expect(controller.searchResource(request, reply)).rejects.toMatchObject({ code: 'REQUEST_NOT_FOUND' });
    await expect(controller.searchSubject(request, reply)).rejects.toMatchObject({ code: 'REQUEST_NOT_FOUND' });
  });

  it('are not advertised, and what is has the issuer before it', () => {
    expect(authzenMetadata({ issuer: ISSUER, authzen: { tenant: null, searches: ['action'] } })).toEqual({
      policy_decision_point: ISSUER,
      access_evaluation_endpoint: `${ISSUER}/access/v1/evaluation`,
      access_evaluations_endpoint: `${ISSUER}/access/v1/evaluations`,
      search_action_endpoint: `${ISSUER}/access/v1/search/action`,
    });
  });
});

describe('Without a usual tenant', () => {
  const body = {
    subject: { type: 'user', id: 'ana' },
    action: { name: 'read' },
    resource: { type: 'invoice', id: 'i1' },
  };

  it('a question has to say which is meant', () => {
    const refused = expect.objectContaining({ details: expect.objectContaining({ field: 'context.tenant' }) });
    for (const read of [readEvaluation, readSubjectSearch]) {
      expect(() => read(body, { tenant: null })).toThrow(refused);
      expect(() => read({ ...body, context: { tenant: 'acme' } }, { tenant: null })).not.toThrow();
    }
  });

  it('a token of whoever it is about says it', () => {
    const token = `x.${Buffer.from('{"sub":"u_1"}').toString('base64url')}.x`;
    const subject = { type: 'user', id: 'u_1', properties: { token } };
    expect(readEvaluation({ ...body, subject }, { tenant: null })).toMatchObject({ subject: { by: 'token', kind: 'user' } });
    // What is usual is not what a token says.
    expect(readEvaluation({ ...body, subject }, { tenant: 'acme' }).tenant).toBeUndefined();
  });
});
