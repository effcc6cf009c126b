import ts from 'typescript';
import type { FileCheck } from './structure-checks.js';

const MOST_OPERATIONS = 9;

function interfacesOf(path: string, text: string): readonly ts.InterfaceDeclaration[] {
  const source = ts.createSourceFile(path, text, ts.ScriptTarget.ES2023, true);
  return source.statements.filter(ts.isInterfaceDeclaration);
}

const documented = (node: ts.Node): boolean => ts.getJSDocCommentsAndTags(node).length > 0;
const operationsOf = (face: ts.InterfaceDeclaration): readonly ts.TypeElement[] => face.members.filter(ts.isMethodSignature);

/** A service contract has few operations, says what the folder hides, and promises something for each operation. */
export const contractShape: FileCheck = ({ path, text }) => {
  if (!/^(managers|engines|accessors|utilities)\/.*[/.]contract\.ts$/.test(path)) return [];
  const faults = text.startsWith('/**') ? [] : ['does not begin by saying what it hides and who may call'];
  for (const face of interfacesOf(path, text)) {
    const operations = operationsOf(face);
    if (operations.length > MOST_OPERATIONS)
      faults.push(`${face.name.text} has ${operations.length} operations, at most ${MOST_OPERATIONS}`);
    if (!path.startsWith('utilities/')) {
      const silent = operations.filter((operation) => !documented(operation)).map((operation) => operation.name?.getText() ?? '');
      if (silent.length > 0) faults.push(`${face.name.text} promises nothing for ${silent.join(', ')}`);
    }
  }
  return faults;
};
