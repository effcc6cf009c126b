/** What is left of a condition when everything that is known has been put in; for telling one moment's answer from another's. */
import { meaning, type Circumstances, type Expression } from './expression.js';

export function leftOf(expression: Expression, circumstances: Circumstances): Expression {
  const { is } = meaning(expression, circumstances);
  if (is === 'true' || is === 'false') return { op: 'constant', value: is === 'true' };
  if (expression.op === 'not') return { op: 'not', side: leftOf(expression.side, circumstances) };
  return expression.op === 'and' || expression.op === 'or' ? ofSides(expression, circumstances) : expression;
}

/** A side that is settled, and yet did not settle the whole, is dropped. */
function ofSides({ op, sides }: Extract<Expression, { op: 'and' | 'or' }>, circumstances: Circumstances): Expression {
  const [one, other] = [leftOf(sides[0], circumstances), leftOf(sides[1], circumstances)];
  if (one.op === 'constant') return other;
  return other.op === 'constant' ? one : { op, sides: [one, other] };
}
