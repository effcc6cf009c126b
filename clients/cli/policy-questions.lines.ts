import type { PolicyQuestions } from '#managers/policy/contract.js';

type Explanation = Awaited<ReturnType<PolicyQuestions['canI']>>;
type Holders = Awaited<ReturnType<PolicyQuestions['whoCan']>>['subjects'];

export function explanationLines(subject: string, explanation: Explanation): string[] {
  const { permission, decision, policyVersion, epoch, paths, blockedBy, nearMisses, validUntil } = explanation;
  return [
    `${decision.allowed ? 'yes' : 'no'}: ${subject} ${permission} (${decision.code}; ${policyVersion}, epoch ${String(epoch)})`,
    ...(decision.residual === null ? [] : [`  left to decide: ${decision.residual}`]),
    ...paths.flatMap((path) => [
      `  ${path.status.replaceAll('_', ' ')}: ${[path.binding, ...path.via, path.pattern].join(' → ')} (${path.code})`,
      ...(path.condition === null
        ? []
        : [`    ${path.condition.key ?? 'condition'}: ${path.condition.expression} is ${path.condition.result}`]),
    ]),
    ...blockedBy.map(
      ({ kind, id, need, have }) => `  blocked by ${kind}${id === '' ? '' : ` ${id}`}: needs ${need}, has ${have}`,
    ),
    ...nearMisses.map(({ kind, name, because }) => `  nearly: ${name} (${kind.replaceAll('_', ' ')}): ${because}`),
    ...(validUntil === null ? [] : [`  until ${new Date(validUntil).toISOString()}`]),
  ];
}

export function holderLines(subjects: Holders): string[] {
  if (subjects.length === 0) return ['nobody who is stored'];
  return subjects.map(({ subject, answer, residual }) =>
    answer === 'granted' ? subject : `${subject}  if ${residual ?? 'decided by a check'}`,
  );
}
