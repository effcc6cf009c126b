/** Forgets what was used least recently. Nothing here grows beyond its size. */
export class BoundedMap<K, V> {
  private readonly entries = new Map<K, V>();

  constructor(private readonly most: number) {
    if (!Number.isSafeInteger(most) || most < 1) throw new TypeError('a size is a whole number above 0');
  }

  get size(): number {
    return this.entries.size;
  }

  get(key: K): V | undefined {
    const value = this.entries.get(key);
    if (value === undefined) return undefined;
    // The order of a Map is that of insertion: what was used goes to the end.
    this.entries.delete(key);
    this.entries.set(key, value);
    return value;
  }

  set(key: K, value: V): void {
    this.entries.delete(key);
    this.entries.set(key, value);
    if (this.entries.size > this.most) this.dropOldest();
  }

  delete(key: K): void {
    this.entries.delete(key);
  }

  clear(): void {
    this.entries.clear();
  }

  /** Forgets from the least recently used on while `isOver` says so, so many at most. */
  sweep(isOver: (value: V) => boolean, most: number): void {
    let left = most;
    for (const [key, value] of this.entries) {
      if (left === 0 || !isOver(value)) return;
      this.entries.delete(key);
      left -= 1;
    }
  }

  private dropOldest(): void {
    const [oldest] = this.entries.keys();
    if (oldest !== undefined) this.entries.delete(oldest);
  }
}
