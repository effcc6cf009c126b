import type { PolicyContent } from '#accessors/policy/contract.js';
import type { TimeWindow } from '#utilities/time-window/contract.js';
import type { PolicyFault } from '../contract.js';
import { positionOf } from './canonical.js';
import { isKey, isResourcePath, isSelector, isUnit, MESSAGES } from './form-values.js';
import { inheritanceFaults } from './inheritance-faults.js';
import type { PatternCoverage } from './pattern-coverage.js';
import { suggestion } from './suggestion.js';

/** What is wrong with roles and rules, in the order of the sections. Holds also for content that no file was read for. */
export class RuleFaults {
  private readonly roles: ReadonlySet<string>;
  private readonly tiers: ReadonlySet<string>;

  constructor(
    private readonly content: PolicyContent,
    private readonly surroundings: { readonly coverage: PatternCoverage; readonly issuers: readonly string[] | null },
  ) {
    this.roles = new Set(content.roles.map(({ key }) => key));
    this.tiers = new Set(content.tiers.map(({ key }) => key));
  }

  all(): readonly PolicyFault[] {
    return [
      ...this.roleFaults(),
      ...this.mappingFaults(),
      ...this.bindingFaults(),
      ...this.tierFaults(),
      ...this.gateFaults(),
      ...this.denyFaults(),
      ...this.stepUpFaults(),
    ];
  }

  private roleFaults(): readonly PolicyFault[] {
    const { roles } = this.content;
    return [
      ...repeated(roles, ({ key }) => [`roles.${key}`, 'this role is defined twice', key]),
      ...roles.flatMap(({ key, grants, exclude }) => [
        ...keyFault(`roles.${key}`, key),
        ...this.surroundings.coverage.faults(`roles.${key}.grants`, grants),
        ...this.surroundings.coverage.faults(`roles.${key}.exclude`, exclude),
      ]),
      ...inheritanceFaults(roles),
    ];
  }

  private mappingFaults(): readonly PolicyFault[] {
    const { mappings } = this.content;
    return mappings.flatMap(({ issuer, role, group = null, unit = null }, index) => {
      const path = `mappings[${positionOf(mappings, index)}]`;
      return [
        ...((role === null) === (group === null) ? [{ path, message: 'expected either role or group' }] : []),
        ...this.roleFault(`${path}.role`, role),
        ...(group === null ? [] : keyFault(`${path}.group`, group)),
        ...unitFault(path, unit),
        ...unknown(`${path}.issuer`, issuer, { what: 'trusted issuer', known: this.surroundings.issuers }),
      ];
    });
  }

  private bindingFaults(): readonly PolicyFault[] {
    const { bindings } = this.content;
    return rules('bindings', bindings, ({ principal, role, permissions, unit, resource, valid }, path) => [
      ...this.selectorFaults(`${path}.principal`, principal),
      ...((role === null) === (permissions.length === 0) ? [{ path, message: 'expected either role or permissions' }] : []),
      ...this.roleFault(`${path}.role`, role),
      ...this.surroundings.coverage.faults(`${path}.permissions`, permissions),
      ...unitFault(path, unit),
      ...(resource?.path === null || resource === null || isResourcePath(resource.path)
        ? []
        : [{ path: `${path}.resource.path`, message: MESSAGES.path }]),
      ...(resource?.ids?.length === 0 ? [{ path: `${path}.resource.ids`, message: 'expected at least one' }] : []),
      ...windowFault(path, valid),
    ]);
  }

  private tierFaults(): readonly PolicyFault[] {
    return [
      ...repeated(this.content.tiers, ({ key }, index) => [`tiers[${index}]`, `the tier ${key} is there already`, key]),
      ...this.content.tiers.flatMap(({ key }, index) => keyFault(`tiers[${index}].key`, key)),
    ];
  }

  private gateFaults(): readonly PolicyFault[] {
    return rules('gates', this.content.gates, ({ permissions, tier, flags }, path) => [
      ...this.coverageOf(path, permissions),
      ...(tier === null && flags.length === 0 ? [{ path, message: 'expected a tier, flags or both' }] : []),
      ...(tier === null ? [] : unknown(`${path}.tier`, tier, { what: 'tier', known: this.tiers, where: 'in this policy' })),
    ]);
  }

  private denyFaults(): readonly PolicyFault[] {
    return rules('denies', this.content.denies, ({ principals, permissions, except, valid }, path) => [
      ...(principals.length === 0 ? [{ path: `${path}.principals`, message: 'expected at least one' }] : []),
      ...principals.flatMap((text, at) => this.selectorFaults(`${path}.principals[${positionOf(principals, at)}]`, text)),
      ...this.coverageOf(path, permissions),
      ...except.flatMap((text, at) => this.selectorFaults(`${path}.except[${positionOf(except, at)}]`, text)),
      ...windowFault(path, valid),
    ]);
  }

  private stepUpFaults(): readonly PolicyFault[] {
    return rules('stepUps', this.content.stepUps, ({ permissions, acr, maxAuthAgeSeconds }, path) => [
      ...this.coverageOf(path, permissions),
      ...(acr.length === 0 && maxAuthAgeSeconds === null ? [{ path, message: 'expected acr, maxAuthAge or both' }] : []),
    ]);
  }

  private coverageOf(path: string, permissions: readonly string[]): readonly PolicyFault[] {
    if (permissions.length === 0) return [{ path: `${path}.permissions`, message: 'expected at least one' }];
    return this.surroundings.coverage.faults(`${path}.permissions`, permissions);
  }

  private selectorFaults(path: string, text: string): readonly PolicyFault[] {
    if (!isSelector(text)) return [{ path, message: MESSAGES.selector }];
    return text.startsWith('role:') ? this.roleFault(path, text.slice('role:'.length)) : [];
  }

  private roleFault(path: string, role: string | null): readonly PolicyFault[] {
    return role === null ? [] : unknown(path, role, { what: 'role', known: this.roles, where: 'in this policy' });
  }
}

function rules<Rule extends { readonly id: string }>(
  section: string,
  list: readonly Rule[],
  faultsOf: (rule: Rule, path: string) => readonly PolicyFault[],
): readonly PolicyFault[] {
  const pathOf = (index: number): string => `${section}[${positionOf(list, index)}]`;
  return [
    ...repeated(list, ({ id }, index) => [`${pathOf(index)}.id`, `${id} is there already`, id]),
    ...list.flatMap((rule, index) => [...keyFault(`${pathOf(index)}.id`, rule.id), ...faultsOf(rule, pathOf(index))]),
  ];
}

function repeated<Item>(
  items: readonly Item[],
  tell: (item: Item, index: number) => readonly [path: string, message: string, key: string],
): readonly PolicyFault[] {
  const seen = new Set<string>();
  return items.flatMap((item, index) => {
    const [path, message, key] = tell(item, index);
    if (seen.has(key)) return [{ path, message }];
    seen.add(key);
    return [];
  });
}

function unknown(
  path: string,
  name: string,
  { what, known, where }: { readonly what: string; readonly known: Iterable<string> | null; readonly where?: string },
): readonly PolicyFault[] {
  if (known === null) return [];
  const names = new Set(known);
  if (names.has(name)) return [];
  const near = suggestion(name, names);
  const place = where === undefined ? '' : ` ${where}`;
  return [{ path, message: `there is no ${what} ${name}${place}${near === undefined ? '' : `; ${near}`}` }];
}

function keyFault(path: string, key: string): readonly PolicyFault[] {
  return isKey(key) ? [] : [{ path, message: MESSAGES.key }];
}

function unitFault(path: string, unit: string | null): readonly PolicyFault[] {
  return unit === null || isUnit(unit) ? [] : [{ path: `${path}.unit`, message: MESSAGES.unit }];
}

function windowFault(path: string, { from, until }: TimeWindow): readonly PolicyFault[] {
  if (from === null || until === null || from < until) return [];
  return [{ path: `${path}.valid`, message: 'this window is empty: it ends before it begins' }];
}
