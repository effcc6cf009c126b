/** Wraps a contract so that each call is written down before it is made: `PolicyAccess.activePolicy`. */
export function recorded<Contract extends object>(name: string, implementation: Contract, calls: string[]): Contract {
  return new Proxy(implementation, {
    get(target, member, receiver): unknown {
      const value: unknown = Reflect.get(target, member, receiver);
      if (typeof value !== 'function' || typeof member !== 'string') return value;
      return (...parameters: unknown[]): unknown => {
        calls.push(`${name}.${member}`);
        return (value as (...all: unknown[]) => unknown).apply(target, parameters);
      };
    },
  });
}
