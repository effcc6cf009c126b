/** Whether this process takes new work. Does not fall with the database: keys and metadata are served without it. */
export class Readiness {
  private ready = false;
  private readonly listeners: ((ready: boolean) => void)[] = [];

  isReady(): boolean {
    return this.ready;
  }

  set(ready: boolean): void {
    this.ready = ready;
    for (const listener of this.listeners) listener(ready);
  }

  onChange(listener: (ready: boolean) => void): void {
    this.listeners.push(listener);
  }
}

export const READINESS: unique symbol = Symbol('Readiness');
