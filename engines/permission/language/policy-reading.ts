import type {
  AttributeDeclaration,
  AttributeValue,
  ClaimMapping,
  ConditionUse,
  PolicyBinding,
  PolicyContent,
  ResourceSelector,
  RoleDefinition,
} from '#accessors/policy/contract.js';
import type { PolicyFault } from '../contract.js';
import type { PolicyFile } from '../policy-language.contract.js';
import { byText, canonicalRules, canonicalSet, canonicalText, canonicalTexts } from './canonical.js';
import { isConditionName } from './form-values.js';
import type { WrittenPolicy } from './policy-schema.js';
import { suggestion } from './suggestion.js';
import { parseDuration, readWindow } from './time-values.js';

type Root = AttributeDeclaration['root'];
type WrittenAttributes = Exclude<WrittenPolicy['attributes']['subject'], undefined>;

/** Who tells an attribute when the file does not say. */
export const USUAL_SOURCES: Readonly<Record<Root, string>> = {
  subject: 'db',
  tenant: 'db',
  session: 'idp',
  context: 'pep',
  resource: 'pep',
  // There is none: the name of a fact source has to be said.
  flag: '',
};

/** The content of a file without faults of form, in the one order; and what no schema finds. */
export class PolicyReader {
  readonly faults: PolicyFault[] = [];

  constructor(private readonly written: WrittenPolicy) {}

  file(): PolicyFile {
    const { tenant, name, message } = this.written.metadata;
    return { tenant, set: name, message, content: this.content() };
  }

  private content(): PolicyContent {
    const { conditions, roles, mappings, bindings, tiers, gates, denies, stepUps, routes } = this.written;
    return {
      attributes: this.attributes(),
      conditions: Object.entries(conditions)
        .map(([key, expression]) => ({ key, expression: expression.trim() }))
        .toSorted(byText(({ key }) => key)),
      roles: Object.entries(roles)
        .map(roleDefinition)
        .toSorted(byText(({ key }) => key)),
      mappings: canonicalSet(
        mappings.map((mapping, position) => this.mapping(mapping, `mappings[${position}]`)),
        canonicalText,
      ),
      bindings: canonicalRules(bindings.map((binding, position) => this.binding(binding, `bindings[${position}]`))),
      tiers: tiers.map(({ key, flags }) => ({ key, flags: canonicalTexts(flags) })),
      gates: canonicalRules(
        gates.map(({ id, permissions, tier, flags }) => ({
          id,
          permissions: canonicalTexts(permissions),
          tier: tier ?? null,
          flags: canonicalTexts(flags),
        })),
      ),
      denies: canonicalRules(
        denies.map((deny, position) => ({
          id: deny.id,
          principals: canonicalTexts(deny.principals),
          permissions: canonicalTexts(deny.permissions),
          except: canonicalTexts(deny.except),
          condition: this.condition(deny, `denies[${position}]`),
          valid: readWindow(deny.valid),
        })),
      ),
      stepUps: canonicalRules(
        stepUps.map(({ id, permissions, acr, maxAuthAge }) => ({
          id,
          permissions: canonicalTexts(permissions),
          acr: canonicalTexts(acr),
          maxAuthAgeSeconds: maxAuthAge === undefined ? null : parseDuration(maxAuthAge),
        })),
      ),
      routes: canonicalSet(
        routes.map(({ match, application, permission, resource }) => ({
          ...{ match, application, permission },
          resource: resource === undefined ? null : { type: resource.type, id: resource.id },
        })),
        ({ match, ...rest }) => `${match} ${canonicalText(rest)}`,
      ),
    };
  }

  private attributes(): readonly AttributeDeclaration[] {
    const { resource = {}, ...plain } = this.written.attributes;
    const declared = Object.entries(resource).flatMap(([type, members]) => declarations('resource', type, members));
    for (const root of ['subject', 'tenant', 'session', 'context', 'flag'] as const)
      declared.push(...declarations(root, null, plain[root] ?? {}));
    return declared.toSorted(
      byText(({ root, resourceType, name, source }) => [root, resourceType ?? '', name, source].join(' ')),
    );
  }

  private mapping(mapping: WrittenPolicy['mappings'][number], path: string): ClaimMapping {
    const { issuer, claim, equals, role, group, unit } = mapping;
    const condition = this.condition(mapping, path);
    return {
      issuer,
      claim,
      value: equals,
      role: role ?? null,
      ...(group === undefined ? {} : { group }),
      ...(unit === undefined ? {} : { unit }),
      ...(condition === null ? {} : { condition }),
    };
  }

  private binding(binding: WrittenPolicy['bindings'][number], path: string): PolicyBinding {
    const { id, principal, role, permissions, unit, resource, valid } = binding;
    return {
      id,
      principal,
      role: role ?? null,
      permissions: canonicalTexts(permissions ?? []),
      unit: unit ?? null,
      condition: this.condition(binding, path),
      resource: resource === undefined ? null : resourceSelector(resource),
      valid: readWindow(valid),
    };
  }

  /** `when` is the name of a condition, or a condition in place; something that could be a name is taken for one. */
  private condition(
    rule: { readonly when?: string | undefined; readonly params?: Readonly<Record<string, AttributeValue>> | undefined },
    path: string,
  ): ConditionUse | null {
    const params = rule.params === undefined ? {} : (JSON.parse(canonicalText(rule.params)) as ConditionUse['params']);
    if (rule.when === undefined) {
      if (rule.params !== undefined)
        this.faults.push({ path: `${path}.params`, message: 'there is no condition (when) for them' });
      return null;
    }
    const text = rule.when.trim();
    if (Object.hasOwn(this.written.conditions, text))
      return { key: text, expression: this.written.conditions[text]?.trim() ?? '', params };
    if (isConditionName(text)) {
      const near = suggestion(text, Object.keys(this.written.conditions));
      const message = `there is no condition ${text} in this policy${near === undefined ? '' : `; ${near}`}`;
      this.faults.push({ path: `${path}.when`, message });
    }
    return { key: null, expression: text, params };
  }
}

function declarations(root: Root, resourceType: string | null, members: WrittenAttributes): AttributeDeclaration[] {
  return Object.entries(members).flatMap(([name, form]) => {
    const { type, source = USUAL_SOURCES[root] } = typeof form === 'string' ? { type: form } : form;
    const spelt = type.replace(/\s+/g, '').replaceAll(',', ', ');
    const sources = typeof source === 'string' ? [source] : source;
    return canonicalTexts(sources).map((each) => ({ root, resourceType, name, type: spelt, source: each }));
  });
}

function roleDefinition([key, role]: readonly [string, WrittenPolicy['roles'][string]]): RoleDefinition {
  return {
    key,
    inherits: canonicalTexts(role.inherits),
    grants: canonicalTexts(role.grants),
    exclude: canonicalTexts(role.exclude),
    ...(role.assignment === undefined ? {} : { assignment: role.assignment.mode }),
  };
}

function resourceSelector(written: {
  readonly type: string;
  readonly id?: string | undefined;
  readonly ids?: readonly string[] | undefined;
  readonly path?: string | undefined;
}): ResourceSelector {
  const ids = [...(written.ids ?? []), ...(written.id === undefined ? [] : [written.id])];
  return { type: written.type, ids: ids.length === 0 ? null : canonicalTexts(ids), path: written.path ?? null };
}
