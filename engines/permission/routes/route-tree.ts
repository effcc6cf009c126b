import type { RequestedPath, RoutedQuestion } from '../gateway-routes.contract.js';
import { foldOf, textOf } from './request-path.js';
import { namesIn, placeholderIn, type RoutePattern } from './route-pattern.js';

/** Routes of one method that begin alike. */
interface Branch {
  readonly literals: Map<string, Branch>;
  /** What is left of them where some do not tell apart what others do. */
  readonly folded: Set<string>;
  placeholder: Branch | undefined;
  /** Of the route that ends here; `null`: of several, which nobody can choose between. */
  ends: Leaf | null | undefined;
  /** Of the route that goes on with anything. */
  open: Leaf | null | undefined;
}

interface Leaf {
  readonly pattern: RoutePattern;
  /** Where the id of the resource stands; -1: it is a text of the policy, or there is none. */
  readonly idAt: number;
  /** The answer for every path, where none of it comes from the path. */
  readonly question: RoutedQuestion;
}

/** Routes of one application, prepared once for a policy. */
export class RouteTree {
  private readonly methods = new Map<string, Branch>();

  constructor(patterns: readonly RoutePattern[]) {
    for (const pattern of patterns) this.add(pattern);
  }

  questionOf({ method, segments }: RequestedPath): RoutedQuestion | undefined {
    const root = this.methods.get(method);
    if (root === undefined) return undefined;
    const leaf = leafOf(root, segments, 0);
    if (leaf === undefined || leaf === null) return undefined;
    return leaf.idAt === -1 ? leaf.question : withId(leaf, segments[leaf.idAt] ?? '');
  }

  private add(pattern: RoutePattern): void {
    let branch = this.methods.get(pattern.method);
    if (branch === undefined) this.methods.set(pattern.method, (branch = newBranch()));
    for (const segment of pattern.segments) branch = 'literal' in segment ? literal(branch, segment.literal) : any(branch);
    const end = pattern.isOpen ? 'open' : 'ends';
    // SECURITY: two of one shape are refused when a policy is published; should they be there, neither counts.
    branch[end] = branch[end] === undefined ? leafFor(pattern) : null;
  }
}

/** SECURITY: `null`: something fits that must not be chosen, and nothing wider may take its place. */
type Found = Leaf | null | undefined;

function leafOf(branch: Branch, segments: readonly string[], at: number): Found {
  const segment = segments[at];
  if (segment === undefined) return endOf(branch);
  const next = branch.literals.get(segment);
  if (next !== undefined) {
    const found = leafOf(next, segments, at + 1);
    if (found !== undefined) return found;
  } else if (segment === '') return slashAfter(branch);
  // SECURITY: an application that tells less apart, such as case, would take it for the literal one, which may ask for more.
  else if (branch.folded.size > 0 && branch.folded.has(foldOf(segment))) return null;
  if (segment === '') return undefined;
  const other = branch.placeholder === undefined ? undefined : leafOf(branch.placeholder, segments, at + 1);
  return other === undefined ? branch.open : other;
}

/**
 * SECURITY: to many applications a slash at the end is nothing, so it must not lead past the route without it, nor the other way round;
 * nor past the route of everything below, to which a list of it may belong.
 */
function endOf({ ends, literals, open }: Branch): Found {
  return ends === undefined && (literals.has('') || open !== undefined) ? null : ends;
}

function slashAfter({ ends, open }: Branch): Found {
  return ends === undefined && open === undefined ? undefined : null;
}

function newBranch(): Branch {
  return { literals: new Map(), folded: new Set(), placeholder: undefined, ends: undefined, open: undefined };
}

function literal(branch: Branch, text: string): Branch {
  const known = branch.literals.get(text);
  if (known !== undefined) return known;
  const made = newBranch();
  branch.literals.set(text, made);
  branch.folded.add(foldOf(text));
  return made;
}

function any(branch: Branch): Branch {
  return (branch.placeholder ??= newBranch());
}

function leafFor(pattern: RoutePattern): Leaf {
  const { match, permission, resource } = pattern.route;
  const placeholder = resource === null ? undefined : placeholderIn(resource.id);
  const idAt =
    placeholder === undefined
      ? -1
      : pattern.segments.findIndex((segment) => 'placeholder' in segment && segment.placeholder === placeholder);
  const asked = resource === null ? null : { ...resource, unit: null, path: null, attributes: {} };
  return { pattern, idAt, question: { match, permission, resource: asked } };
}

function withId({ question }: Leaf, segment: string): RoutedQuestion {
  const { resource } = question;
  return resource === null ? question : { ...question, resource: { ...resource, id: textOf(segment) } };
}

/** Whether an id names a placeholder that the path does not have. */
export function isUnknownPlaceholder({ route: { resource }, segments }: RoutePattern): boolean {
  const placeholder = resource === null ? undefined : placeholderIn(resource.id);
  return placeholder !== undefined && !namesIn(segments).includes(placeholder);
}
