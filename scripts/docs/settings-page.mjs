// The settings of the process as a page and as a JSON Schema; the schemas of import files, policy files and policy tests beside it.
const NOTE = '<!-- Written by `npm run gen` from utilities/config. -->';

const json = (value) => `${JSON.stringify(value, null, 2)}\n`;
const isSection = (schema) => schema.type === 'object' && schema.properties !== undefined;
/** `null` as an alternative says only that a value may be switched off. */
const main = (schema) => schema.anyOf?.find((one) => one.type !== 'null') ?? schema;

function typeOf(schema) {
  const found = main(schema);
  const nullable = found === schema ? '' : ' or `null`';
  if (found.enum) return found.enum.map((value) => `\`${value}\``).join(', ') + nullable;
  const { minimum, maximum } = found;
  const range = minimum === undefined ? '' : `, ${minimum} to ${maximum}`;
  return `${isSection(found) ? 'section' : found.type}${range}${nullable}`;
}

function rows(schema, path = []) {
  return Object.entries(schema.properties).flatMap(([name, member]) => {
    const here = [...path, name];
    const inner = main(member);
    const required = schema.required?.includes(name) ? 'required' : '';
    const fallback = member.default === undefined || isSection(inner) ? required : `\`${JSON.stringify(member.default)}\``;
    const row = `| \`${here.join('.')}\` | ${typeOf(member)} | ${fallback} | ${(member.description ?? '').replaceAll('|', '\\|')} |`;
    return isSection(inner) ? [row, ...rows(inner, here)] : [row];
  });
}

export async function settingsPages(built) {
  const { settingsJsonSchema } = await built('utilities/config/settings.schema.js');
  const schema = settingsJsonSchema();
  const page = [
    '# Settings',
    NOTE,
    'The file that `countersign serve --config FILE` reads: YAML, process settings only. Members that are not listed here are refused, and ' +
      'every fault is told at once. `countersign config check --config FILE` reads it without starting anything. Point an editor at ' +
      '[config.schema.json](config.schema.json) for completion.',
    ['| setting | form | default | meaning |', '|---|---|---|---|', ...rows(schema)].join('\n'),
  ].join('\n\n');
  return { 'docs/config.md': `${page}\n`, 'docs/config.schema.json': json(schema) };
}

async function policySchemas(built) {
  const { DefaultPolicyLanguage } = await built('engines/permission/language/default.policy-language.js');
  // What a schema says depends on no engine.
  return new DefaultPolicyLanguage({}).schemas();
}

export async function importSchema(built) {
  const { importDocumentJsonSchema } = await built('managers/administration/import-document.js');
  const { policy } = await policySchemas(built);
  return { 'docs/import.schema.json': json(importDocumentJsonSchema(policy)) };
}

export async function policySchemaFiles(built) {
  const { policy, tests } = await policySchemas(built);
  return { 'docs/policy.schema.json': json(policy), 'docs/policy-test.schema.json': json(tests) };
}

export async function openApi(built) {
  await import('reflect-metadata');
  const { openApiDocument } = await built('clients/rest/openapi.js');
  return { 'docs/openapi.json': json(await openApiDocument()) };
}
