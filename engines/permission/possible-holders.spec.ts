import { describe, expect, it } from '@jest/globals';
import fc from 'fast-check';
import { policy, application } from '../../test/properties/permission/policy.arbitrary.js';
import { asked, resource } from '../../test/properties/permission/question.arbitrary.js';
import { evaluator } from '../../test/properties/permission/judge.js';
import { DefaultPermissionEngine } from './default.permission.engine.js';
import { matchesSegments, parsePattern } from './permission-pattern.js';
import { patternsCovering } from './possible-holders.js';

const NO_TOKEN = { issuer: '', roles: [], groups: [], acr: null, amr: [], authTime: null };
const engine = new DefaultPermissionEngine({ conditionEvaluator: evaluator });

describe('Patterns that cover a name', () => {
  const segment = fc.constantFrom('a', 'b', 'c');
  const name = fc.array(segment, { minLength: 2, maxLength: 6 });
  const pattern = fc.array(fc.constantFrom('a', 'b', 'c', '*', '**'), { minLength: 1, maxLength: 6 });

  it('are exactly those that match it', () => {
    fc.assert(
      fc.property(name, pattern, (segments, parts) => {
        const parsed = parsePattern(parts.join(':'));
        fc.pre(parsed.ok);
        const listed = patternsCovering(segments.join(':')).includes(parts.join(':'));
        expect(listed).toBe(matchesSegments(parsed.pattern, segments));
      }),
      { numRuns: 1_000 },
    );
    for (const each of patternsCovering('a:b:c:a:b:c')) expect(parsePattern(each).ok).toBe(true);
    expect(patternsCovering('a:b:c:a:b:c').length).toBeLessThan(266);
  });
});

describe('Possible holders of a permission', () => {
  it('are none of one that the application does not have', () => {
    const [version] = fc.sample(policy, 1);
    const [of] = fc.sample(application, 1);
    expect(engine.possibleHolders(version!, of!, 'billing:no:such')).toBeNull();
  });

  /** What a search by these looks at in stored data, said again in terms of the facts of one subject. */
  it('are all to whom it is allowed, of whatever policy', () => {
    let allowed = 0;
    fc.assert(
      fc.property(
        policy,
        application,
        fc.array(fc.tuple(asked, resource), { minLength: 5, maxLength: 5 }),
        (version, of, questions) => {
          for (const [question, about] of questions) {
            const { facts } = question;
            if (facts.subject === null) continue;
            const groups = new Set(facts.groups.map(({ key }) => key));
            for (const { name: permission } of of.permissions.slice(0, 10)) {
              const said = engine.decide({
                ...question,
                claims: NO_TOKEN,
                policy: version,
                application: of,
                permission,
                resource: about,
              });
              if (!said.allowed) continue;
              allowed++;
              const holders = engine.possibleHolders(version, of, permission)!;
              const isTheirs = ({ group }: { readonly group: string | null }) => group === null || groups.has(group);
              const covers = (texts: readonly string[]) => texts.some((text) => holders.patterns.includes(text));
              const isFound =
                holders.everybody ||
                holders.subjects.includes(facts.subject.key) ||
                holders.groups.some((key) => groups.has(key)) ||
                facts.assignments.some(
                  (each) => each.state === 'active' && isTheirs(each) && holders.roles.includes(each.role),
                ) ||
                facts.grants.some(
                  (each) =>
                    isTheirs(each) &&
                    each.resource.type === about.type &&
                    (each.resource.ids === null || (about.id !== null && each.resource.ids.includes(about.id))) &&
                    (each.role === null ? covers(each.permissions) : holders.roles.includes(each.role)),
                );
              if (!isFound) throw new Error(`${permission} of ${facts.subject.key} is allowed, and nobody would look there`);
            }
          }
        },
      ),
      { numRuns: 150 },
    );
    expect(allowed).toBeGreaterThan(150);
  });
});
