import { isNode, LineCounter, parseDocument, type Document } from 'yaml';

/** A YAML file that was read, with what is needed to point into it. */
export interface SettingsDocument {
  readonly value: unknown;
  /** What is wrong with it as YAML; `value` is not to be used then. */
  readonly faults: readonly string[];
  /** Line of a member, or of the nearest member above it that is there. */
  readonly lineOf: (path: readonly PropertyKey[]) => number | null;
}

/** Settings are plain data: no tag makes anything of them, and a handful of aliases cannot grow into gigabytes. */
const MAX_ALIASES = 20;

export function readSettingsDocument(text: string): SettingsDocument {
  const lines = new LineCounter();
  const document = parseDocument(text, {
    version: '1.2',
    schema: 'core',
    strict: true,
    uniqueKeys: true,
    merge: false,
    prettyErrors: false,
    lineCounter: lines,
  });
  const faults = [...document.errors, ...document.warnings].map(
    ({ message, pos }) => `line ${lines.linePos(pos[0]).line}: ${message}`,
  );
  const lineOf = (path: readonly PropertyKey[]): number | null => lineOfMember(document, lines, path);
  if (faults.length > 0) return { value: null, faults, lineOf };
  try {
    return { value: document.toJS({ maxAliasCount: MAX_ALIASES }), faults, lineOf };
  } catch {
    return { value: null, faults: ['too many aliases'], lineOf };
  }
}

function lineOfMember(document: Document.Parsed, lines: LineCounter, path: readonly PropertyKey[]): number | null {
  for (let depth = path.length; depth > 0; depth--) {
    const node = document.getIn(path.slice(0, depth), true);
    if (isNode(node) && node.range) return lines.linePos(node.range[0]).line;
  }
  return null;
}
