import { setTimeout as delay } from 'node:timers/promises';
import type { DirectoryState } from './directory-state.js';
import { type IssuerAnswer, jsonAnswer } from './issuer-answer.js';
import { readToken } from './signed-token.js';

export interface GraphRequest {
  readonly path: string;
  readonly authorization: string | undefined;
  readonly body: () => Promise<string | null>;
}

export interface GraphEndpointDeps {
  readonly state: DirectoryState;
  readonly now: () => number;
  readonly base: () => string;
  readonly isOurs: (token: string) => boolean;
}

const PATH = /^\/v1\.0\/(users|servicePrincipals)\/([^/]+)\/checkMemberGroups$/;
const PERMISSION = 'GroupMember.Read.All';
const MOST_GROUPS = 20;

/** `checkMemberGroups` of Microsoft Graph. */
export class GraphEndpoint {
  constructor(private readonly deps: GraphEndpointDeps) {}

  isPath(path: string): boolean {
    return path.startsWith('/v1.0/');
  }

  async answer(request: GraphRequest): Promise<IssuerAnswer> {
    const { graph } = this.deps.state;
    if (graph.delayMs > 0) await delay(graph.delayMs);
    if (graph.spared > 0) this.deps.state.turnGraph({ spared: graph.spared - 1 });
    else if (graph.status !== null) {
      const answer = graphError(graph.status, 'StandInKnob');
      return graph.retryAfter === null ? answer : { ...answer, retryAfter: graph.retryAfter };
    }
    const claims = this.verifiedClaims(request.authorization?.replace(/^Bearer /, '') ?? '');
    if (claims === null) return graphError(401, 'InvalidAuthenticationToken');
    if (!permissionsOf(claims).includes(PERMISSION)) return graphError(403, 'Authorization_RequestDenied');
    return graph.malformed ? jsonAnswer({ value: { groups: 'many' } }) : this.memberships(request);
  }

  private async memberships(request: GraphRequest): Promise<IssuerAnswer> {
    const objectId = PATH.exec(request.path)?.[2];
    const groups = objectId === undefined ? undefined : this.deps.state.memberships(objectId);
    if (groups === undefined) return graphError(404, 'Request_ResourceNotFound');
    const asked = groupIds((await request.body()) ?? '');
    if (asked === null) return graphError(400, 'Request_BadRequest');
    return jsonAnswer({ value: asked.filter((id) => groups.has(id)) });
  }

  private verifiedClaims(token: string): Readonly<Record<string, unknown>> | null {
    const claims = readToken(token)?.claims;
    const { state, base, now, isOurs } = this.deps;
    if (claims?.['aud'] !== base() || claims['generation'] !== state.tokenGeneration || !isOurs(token)) return null;
    return typeof claims['exp'] === 'number' && claims['exp'] * 1000 > now() ? claims : null;
  }
}

/** Of the application, or delegated by a user. */
function permissionsOf({ scp, roles }: Readonly<Record<string, unknown>>): readonly unknown[] {
  const scopes: readonly unknown[] = typeof scp === 'string' ? scp.split(' ') : [];
  return scopes.concat(roles);
}

function groupIds(text: string): readonly string[] | null {
  try {
    const body: unknown = JSON.parse(text);
    const ids: unknown = typeof body === 'object' && body !== null && 'groupIds' in body ? body.groupIds : null;
    if (!Array.isArray(ids) || ids.length === 0 || ids.length > MOST_GROUPS) return null;
    return ids.every((id) => typeof id === 'string') ? ids : null;
  } catch {
    return null;
  }
}

function graphError(status: number, code: string): IssuerAnswer {
  return jsonAnswer({ error: { code, message: 'Said by the stand-in.' } }, status);
}
