/** What is left of a condition when everything that is known has been put in; for telling one moment's answer from another's. */
import { meaning, type Circumstances, type Expression } from './expression.js';

export function leftOf(expression: Expression, circumstances: Circumstances): Expression {
  const { is } = meaning(expression, circumstances);
  if (is === 'true' || is === 'false') return { op: 'constant', value: is === 'true' };
  switch (expression.op) {
    case 'not':
      return { op: 'not', side: leftOf(expression.side, circumstances) };
    case 'and':
    case 'or': {
      const [one, other] = expression.sides.map((side) => leftOf(side, circumstances));
      if (one === undefined || other === undefined || one.op === 'constant') return other ?? expression;
      return other.op === 'constant' ? one : { op: expression.op, sides: [one, other] };
    }
    default:
      return expression;
  }
}
