import { describe, expect, it } from '@jest/globals';
import fc from 'fast-check';
import { parse, stringify } from 'yaml';
import type { PolicyContent } from '#accessors/policy/contract.js';
import { language } from './fixtures/language.fixture.js';

const key = fc.stringMatching(/^[A-Za-z0-9][A-Za-z0-9._@-]{0,6}$/).map((text) => (text === '__proto__' ? 'x' : text));
const name = fc.oneof(fc.constantFrom('constructor', 'toString', 'a-b'), fc.stringMatching(/^[b-hj-mo-q][a-z0-9_]{0,5}$/));
const attribute = fc.stringMatching(/^[a-z][a-z0-9_]{0,5}$/);
const pattern = fc.constantFrom('a:b:c', 'a:**', '**', '**:read', 'a:*:c');
const patterns = fc.array(pattern, { minLength: 1, maxLength: 3 });
const selector = fc.oneof(
  fc.constant('all'),
  fc.tuple(fc.constantFrom('subject', 'group', 'role'), key).map(([kind, of]) => `${kind}:${of}`),
);
const unit = fc.constantFrom('org', 'org.emea', 'a_b.c-d');
const when = fc.constantFrom('now.getHours() < 5', '!tenant.ok', 'true', '1 < 2 ||\n 2 < 1', '  session.acr == "x" ');
const moment = fc.date({ min: new Date(0), max: new Date(4e12), noInvalidDate: true }).map((date) => date.toISOString());
const window = fc.record({ from: moment, until: moment }, { requiredKeys: [] });
const json = fc.oneof(
  fc.integer(),
  fc.double({ noNaN: true, noDefaultInfinity: true }),
  fc.string(),
  fc.boolean(),
  fc.constant(null),
);
const params = fc.dictionary(attribute, fc.oneof(json, fc.array(json, { maxLength: 3 }), fc.dictionary(attribute, json)));
const type = fc.constantFrom('int', 'string', 'list<string>', 'map<string,list<int>>');
const attributes = fc.dictionary(
  attribute,
  fc.oneof(type, fc.record({ type, source: fc.oneof(fc.constantFrom('db', 'hr', 'pep'), fc.constant(['hr', 'db'])) })),
);
const optional = { requiredKeys: [] };

/** A file as somebody may have written it: any order, repeated patterns, conditions named and in place. */
const written = fc
  .record({
    attributes: fc.record(
      {
        subject: attributes,
        tenant: attributes,
        session: attributes,
        context: attributes,
        resource: fc.dictionary(attribute, attributes),
      },
      optional,
    ),
    conditions: fc.dictionary(name, when, { minKeys: 1, maxKeys: 3 }),
    roles: fc.dictionary(
      key,
      fc.record(
        {
          grants: patterns,
          exclude: patterns,
          inherits: fc.array(key, { maxLength: 3 }),
          assignment: fc.record({ mode: fc.constantFrom('direct', 'eligible') }),
        },
        optional,
      ),
    ),
    mappings: fc.array(
      fc.record(
        {
          issuer: key,
          claim: fc.constantFrom('roles', 'groups'),
          equals: fc.constantFrom('x', 'Y z'),
          role: key,
          group: key,
          unit,
          when,
          params,
        },
        { requiredKeys: ['issuer', 'claim', 'equals', 'when'] },
      ),
      { maxLength: 3 },
    ),
    bindings: fc.uniqueArray(
      fc.record(
        {
          id: key,
          principal: selector,
          role: key,
          permissions: patterns,
          unit,
          when,
          params,
          resource: fc.record(
            { type: attribute, id: key, ids: fc.array(key, { minLength: 1 }), path: fc.constantFrom('/a/**', '/a/b', '/**') },
            { requiredKeys: ['type'] },
          ),
          valid: window,
        },
        { requiredKeys: ['id', 'principal', 'when'] },
      ),
      { maxLength: 3, selector: ({ id }) => id },
    ),
    tiers: fc.array(fc.record({ key, flags: fc.array(key, { maxLength: 2 }) }, { requiredKeys: ['key'] }), { maxLength: 3 }),
    gates: fc.uniqueArray(
      fc.record({ id: key, permissions: patterns, tier: key, flags: fc.array(key) }, { requiredKeys: ['id', 'permissions'] }),
      { maxLength: 3, selector: ({ id }) => id },
    ),
    denies: fc.uniqueArray(
      fc.record(
        {
          id: key,
          principals: fc.array(selector, { minLength: 1 }),
          permissions: patterns,
          except: fc.array(selector),
          when,
          params,
          valid: window,
        },
        { requiredKeys: ['id', 'principals', 'permissions', 'when'] },
      ),
      { maxLength: 3, selector: ({ id }) => id },
    ),
    stepUps: fc.uniqueArray(
      fc.record(
        { id: key, permissions: patterns, acr: fc.array(key), maxAuthAge: fc.constantFrom('8h', '90m', '86400s', '1d', '7s') },
        { requiredKeys: ['id', 'permissions'] },
      ),
      { maxLength: 3, selector: ({ id }) => id },
    ),
  })
  .chain((sections) => {
    const names = Object.keys(sections.conditions);
    const named = fc.constantFrom(...names);
    // Some rules name a condition instead.
    return fc.array(named, { minLength: 9, maxLength: 9 }).map((picked) => {
      const use = <Rule extends object>(rules: readonly Rule[]): readonly Rule[] =>
        rules.map((rule, at) => (at === 1 ? { ...rule, when: picked[at] } : rule));
      return { ...sections, mappings: use(sections.mappings), bindings: use(sections.bindings), denies: use(sections.denies) };
    });
  });

const frame = {
  apiVersion: 'countersign/v1',
  kind: 'PolicySet',
  metadata: { tenant: 'acme', name: 'main', message: 'as it is' },
};

function contentOf(document: unknown): PolicyContent {
  const reading = language.read(document);
  if (!reading.ok) throw new Error(JSON.stringify(reading.faults));
  return reading.file.content;
}

describe('Writing a policy file', () => {
  it('gives a file that reads as the same content, byte for byte, through YAML', () => {
    fc.assert(
      fc.property(written, (sections) => {
        const reading = language.read({ ...frame, ...sections });
        if (!reading.ok) throw new Error(JSON.stringify(reading.faults));
        const again = language.read(parse(stringify(language.write(reading.file))));
        expect(JSON.stringify(again)).toBe(JSON.stringify(reading));
      }),
      { numRuns: 60 },
    );
  });

  it('depends on no order: lists that mean sets may be shuffled', () => {
    fc.assert(
      fc.property(written, fc.infiniteStream(fc.nat()), (sections, chance) => {
        const shuffled = <Item>(items: readonly Item[]): Item[] =>
          items
            .map((item) => [item, chance.next().value] as const)
            .toSorted(([, one], [, other]) => one - other)
            .map(([item]) => item);
        const lists = Object.fromEntries(
          (['mappings', 'bindings', 'gates', 'denies', 'stepUps'] as const).map((section) => [
            section,
            shuffled(
              (sections[section] as readonly { readonly permissions?: readonly string[] }[]).map((rule) =>
                rule.permissions === undefined ? rule : { ...rule, permissions: shuffled(rule.permissions) },
              ),
            ),
          ]),
        );
        const roles = Object.fromEntries(shuffled(Object.entries(sections.roles)));
        expect(JSON.stringify(contentOf({ ...frame, ...sections, ...lists, roles }))).toBe(
          JSON.stringify(contentOf({ ...frame, ...sections })),
        );
      }),
      { numRuns: 40 },
    );
  });
});
