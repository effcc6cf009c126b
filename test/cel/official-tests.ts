import type { Value } from '@bufbuild/cel-spec/cel/expr/value_pb.js';
import { getConformanceSuite, type IncrementalTestSuite } from '@bufbuild/cel-spec/testdata/tests.js';
import { type Any, anyUnpack, DurationSchema, TimestampSchema } from '@bufbuild/protobuf/wkt';
import { durationOf, timestampOf } from '#engines/permission/cel/moments.js';
import { subsetFaults } from '#engines/permission/cel/subset.js';
import { childrenOf, type Node, parseExpression } from '#engines/permission/cel/syntax.js';
import { CelMap, CelType, CelUint, type CelValue, isStop, type Outcome } from '#engines/permission/cel/values.js';
import { isSame, show } from './same.js';
import { evaluateWhole } from './whole-language.js';

type SimpleTest = IncrementalTestSuite['tests'][number]['original'];

/** What of the official files a test is about. */
export type Area = 'core' | 'extension' | 'protobuf' | 'checker';

export interface OfficialTest {
  /** `comparisons/eq_literal/eq_int`. */
  readonly name: string;
  readonly area: Area;
  readonly expression: string;
  /** Its text has nothing in it that conditions refuse. */
  readonly isSubset: boolean;
  /** What is wrong with the answer; `null`: it passes. */
  readonly complaint: () => string | null;
}

const EXTENSIONS = /^(\w+_ext|optionals|macros2)$/;
/** Messages of the test files, and those of Google that are not the timestamp and the duration of CEL. */
const MESSAGES = /TestAllTypes|GlobalEnum|cel\.expr|google\.protobuf\.(?!Timestamp\b|Duration\b)\w+/;

export function officialTests(): readonly OfficialTest[] {
  const tests: OfficialTest[] = [];
  const walk = (suite: IncrementalTestSuite, path: readonly string[]): void => {
    for (const inner of suite.suites) walk(inner, [...path, inner.name]);
    for (const { original, name } of suite.tests) tests.push(officialTest(original, [...path, name]));
  };
  walk(getConformanceSuite(), []);
  return tests;
}

function officialTest(test: SimpleTest, path: readonly string[]): OfficialTest {
  const parsed = parseExpression(test.expr);
  return {
    name: path.join('/'),
    area: areaOf(test, { suite: path[0] ?? '', buildsMessages: parsed.ok && buildsMessages(parsed.node) }),
    expression: test.expr,
    isSubset: parsed.ok && subsetFaults(parsed.node).length === 0,
    complaint: () => complaintOf(test),
  };
}

function areaOf(test: SimpleTest, { suite, buildsMessages }: { readonly suite: string; readonly buildsMessages: boolean }): Area {
  if (EXTENSIONS.test(suite)) return 'extension';
  if (suite === 'type_deductions') return 'checker';
  const around = JSON.stringify([test.typeEnv, test.bindings, test.resultMatcher, test.container], (_key, value: unknown) =>
    typeof value === 'bigint' ? value.toString() : value,
  ).replaceAll('"$typeName":"cel.expr', '');
  return MESSAGES.test(test.expr) || MESSAGES.test(around) || buildsMessages ? 'protobuf' : 'core';
}

function buildsMessages(node: Node): boolean {
  return node.kind === 'message' || childrenOf(node).some(buildsMessages);
}

function complaintOf(test: SimpleTest): string | null {
  const variables = new Map<string, CelValue>();
  for (const [name, { kind }] of Object.entries(test.bindings)) {
    if (kind.case !== 'value') return 'a binding that is no value';
    variables.set(name, valueOf(kind.value));
  }
  const answer = evaluateWhole(test.expr, { variables, container: test.container });
  return compare(test, answer);
}

/** `undefined`: an error is expected. */
function expectedOf({ resultMatcher }: SimpleTest): CelValue | undefined {
  switch (resultMatcher.case) {
    case 'evalError':
    case 'anyEvalErrors':
      return undefined;
    case 'value':
      return valueOf(resultMatcher.value);
    case undefined:
      return true;
    default:
      throw new Error('an expectation of the test files that is not known');
  }
}

function compare(test: SimpleTest, answer: Outcome): string | null {
  const expected = expectedOf(test);
  if (expected === undefined) return isStop(answer) ? null : `${show(answer)} instead of an error`;
  return isSame(answer, expected) ? null : `${show(answer)} instead of ${show(expected)}`;
}

/** A value of the test files as one of ours. */
function valueOf({ kind }: Value): CelValue {
  switch (kind.case) {
    case 'uint64Value':
      return new CelUint(kind.value);
    case 'nullValue':
      return null;
    case 'typeValue':
      return new CelType(kind.value);
    case 'boolValue':
    case 'int64Value':
    case 'doubleValue':
    case 'stringValue':
    case 'bytesValue':
      return kind.value;
    default:
      return compositeOf(kind);
  }
}

function compositeOf(kind: Value['kind']): CelValue {
  switch (kind.case) {
    case 'listValue':
      return kind.value.values.map(valueOf);
    case 'mapValue':
      return mapOf(kind.value.entries);
    case 'objectValue':
      return messageOf(kind.value);
    default:
      throw new Error('a value of the test files that has no kind');
  }
}

function mapOf(entries: readonly { readonly key?: Value | undefined; readonly value?: Value | undefined }[]): CelMap {
  const map = new CelMap();
  for (const { key, value } of entries) if (key !== undefined && value !== undefined) map.add(valueOf(key), valueOf(value));
  return map;
}

function messageOf(message: Any): CelValue {
  const timestamp = anyUnpack(message, TimestampSchema);
  const made =
    timestamp === undefined ? momentOf(anyUnpack(message, DurationSchema), durationOf) : momentOf(timestamp, timestampOf);
  if (isStop(made)) throw new Error('a moment of the test files that is out of range');
  return made;
}

function momentOf(
  parts: { readonly seconds: bigint; readonly nanos: number } | undefined,
  make: (seconds: number, nanos: number) => Outcome,
): Outcome {
  if (parts === undefined) throw new Error('a message of the test files that is not known');
  return make(Number(parts.seconds), parts.nanos);
}
