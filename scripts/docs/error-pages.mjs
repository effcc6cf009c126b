// One page for each code of the error catalogue, and their index.

const GROUPS = [
  ['Requests', 'request', 'REQUEST_ERRORS'],
  ['Clients, targets and scope', 'client', 'CLIENT_ERRORS'],
  ['Clients without a secret', 'caller', 'CALLER_ERRORS'],
  ['Proofs of callers, delegation and revocation', 'grant', 'GRANT_ERRORS'],
  ['Tokens that are handed in', 'token', 'TOKEN_ERRORS'],
  ['Tenants, subjects and permissions', 'permission', 'PERMISSION_ERRORS'],
  ['Live checks', 'check', 'CHECK_ERRORS'],
  ['Policies and plans', 'policy', 'POLICY_ERRORS'],
  ['Live data', 'live-data', 'LIVE_DATA_ERRORS'],
  ['Limits', 'admission', 'ADMISSION_ERRORS'],
  ['The service', 'service', 'SERVICE_ERRORS'],
  ['Azure Key Vault', 'vault', 'VAULT_ERRORS'],
  ['Operation', 'operator', 'OPERATOR_ERRORS'],
];
const FOR_OPERATORS = 'OPERATOR_ERRORS';
const NOTE = '<!-- Written by `npm run gen` from utilities/errors. -->';

const list = (items) => items.map((item, at) => `${at + 1}. ${item}`).join('\n');

function wire({ oauth, http, grpc }) {
  return ['| OAuth `error` | HTTP | gRPC |', '|---|---|---|', `| \`${oauth}\` | ${http} | \`${grpc}\` |`].join('\n');
}

function page(code, entry, told) {
  return (
    [
      `# ${code}`,
      NOTE,
      entry.summary,
      `## When it happens\n\n${entry.cause}`,
      `## What to do\n\n${list(entry.remedy)}`,
      `## How it is told\n\n${told}`,
      ...(entry.source ? [`## Where the rule comes from\n\n${entry.source}`] : []),
      '[All codes](README.md)',
    ].join('\n\n') + '\n'
  );
}

function index(groups) {
  const rows = ([code, entry]) => `| [${code}](${code}.md) | ${entry.summary} |`;
  const tables = groups.map(({ title, entries }) =>
    [`## ${title}`, ['| code | what it says |', '|---|---|', ...Object.entries(entries).map(rows)].join('\n')].join('\n\n'),
  );
  return (
    [
      '# Error codes',
      NOTE,
      'Every error carries one of these codes: as `code` in the JSON body, beside a `diagnostic_id`, and as `reason` of `google.rpc.ErrorInfo` ' +
        "over gRPC. A code is never renamed. The diagnostic id finds the operator's log line and audit record of the same call.",
      ...tables,
    ].join('\n\n') + '\n'
  );
}

/** @returns every page by its path from the project's root */
export async function errorPages(built) {
  const { ERROR_MAPPING } = await built('clients/error-mapping.js');
  const groups = [];
  for (const [title, file, name] of GROUPS) {
    const loaded = await built(`utilities/errors/catalogue/${file}.errors.js`);
    groups.push({ title, name, entries: loaded[name] });
  }
  const { CATALOGUE } = await built('utilities/errors/catalogue.js');
  const grouped = groups.flatMap(({ entries }) => Object.keys(entries));
  const lost = Object.keys(CATALOGUE).filter((code) => !grouped.includes(code));
  if (lost.length > 0) throw new Error(`No group of scripts/docs/error-pages.mjs holds ${lost.join(', ')}`);
  const pages = groups.flatMap(({ name, entries }) =>
    Object.entries(entries).map(([code, entry]) => {
      const told =
        name === FOR_OPERATORS
          ? 'It stops a command or the start of the service; no caller is told it.'
          : wire(ERROR_MAPPING[code]);
      return [`docs/errors/${code}.md`, page(code, entry, told)];
    }),
  );
  return Object.fromEntries([['docs/errors/README.md', index(groups)], ...pages]);
}
