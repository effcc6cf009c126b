import type { AuditRecordView } from '#managers/administration/audit-administration.contract.js';

/** https://schema.ocsf.io, version 1.3.0. */
const OCSF_VERSION = '1.3.0';
const OTHER_ACTIVITY = 99;
const SEVERITY = { informational: 1, low: 2 } as const;
const STATUS = { success: 1, failure: 2 } as const;
/** `auth_protocol_id` of OAuth 2.0. */
const OAUTH_2 = 6;
/** `activity_id` of API Activity; what else a change is called, it is an update. */
const API_ACTIVITIES: Readonly<Record<string, number>> = { made: 1, created: 1, added: 1, imported: 1, removed: 4, erased: 4 };
const UPDATE = 3;

/** A record as an OCSF event: Authentication (3002) for tokens issued and refused, API Activity (6003) for changes. */
export function ocsfEvent(record: AuditRecordView, version: string): object {
  return withoutNulls(record.outcome === 'changed' ? apiActivity(record, version) : authentication(record, version));
}

function authentication(record: AuditRecordView, version: string): object {
  const isIssued = record.outcome === 'issued';
  return {
    ...base(record, { version, category: 3, classUid: 3002, activity: OTHER_ACTIVITY }),
    class_name: 'Authentication',
    category_name: 'Identity & Access Management',
    activity_name: 'Token Exchange',
    severity_id: isIssued ? SEVERITY.informational : SEVERITY.low,
    status_id: isIssued ? STATUS.success : STATUS.failure,
    status_code: record.code,
    status_detail: record.detail,
    auth_protocol: 'OAuth 2.0',
    auth_protocol_id: OAUTH_2,
    is_remote: true,
    user: { uid: record.subject ?? 'unknown', type_id: 0, org: { uid: record.tenantId } },
    actor: { app_uid: record.clientId, user: record.actor === null ? null : { uid: record.actor } },
    service: { name: record.audience ?? 'unknown' },
    session: {
      uid: record.tokenId,
      issuer: record.issuer,
      expiration_time: record.expiresAt === null ? null : record.expiresAt * 1_000,
    },
    unmapped: unmapped(record),
  };
}

function apiActivity(record: AuditRecordView, version: string): object {
  const operation = record.what ?? 'unknown';
  const verb = operation.split('_').at(-1) ?? '';
  return {
    ...base(record, { version, category: 6, classUid: 6003, activity: API_ACTIVITIES[verb] ?? UPDATE }),
    class_name: 'API Activity',
    category_name: 'Application Activity',
    severity_id: SEVERITY.informational,
    status_id: STATUS.success,
    status_detail: record.detail,
    actor: record.actor === null ? { app_name: 'countersign' } : { user: { uid: record.actor } },
    api: { operation, service: { name: 'countersign' }, request: { uid: record.diagnosticId } },
    // The trail knows by which way it was asked, and keeps no addresses.
    src_endpoint: { name: record.transport },
    unmapped: unmapped(record),
  };
}

interface Kind {
  readonly version: string;
  readonly category: number;
  readonly classUid: number;
  readonly activity: number;
}

function base(record: AuditRecordView, { version, category, classUid, activity }: Kind): object {
  return {
    activity_id: activity,
    category_uid: category,
    class_uid: classUid,
    type_uid: classUid * 100 + activity,
    time: record.at,
    metadata: {
      version: OCSF_VERSION,
      uid: record.id,
      correlation_uid: record.diagnosticId,
      tenant_uid: record.tenantId,
      sequence: record.sequence,
      product: { name: 'Countersign', vendor_name: 'Countersign', version },
    },
  };
}

/** What OCSF has no place for. */
function unmapped(record: AuditRecordView): object {
  return {
    exchange_case: record.exchangeCase,
    kid: record.kid,
    permission_count: record.permissionCount,
    policy_version: record.policyVersion,
    epoch: record.epoch,
    subject_token_sha256: record.subjectTokenSha256,
    transport: record.transport,
    chain: record.chain,
    hash: record.hash,
    erased: record.erased ? true : null,
  };
}

function withoutNulls(value: object): object {
  const members = Object.entries(value).flatMap(([name, member]: [string, unknown]): [string, unknown][] => {
    if (member === null || member === undefined) return [];
    return [[name, typeof member === 'object' ? withoutNulls(member) : member]];
  });
  return Object.fromEntries(members);
}
