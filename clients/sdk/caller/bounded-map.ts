/**
 * Forgets what was not used lately, and holds no more than so many. In two generations: what is found in the older one moves to the
 * younger one, and when that is half of all, the older one goes as a whole. So most finds write nothing.
 */
export class BoundedMap<K, V> {
  private young = new Map<K, V>();
  private old = new Map<K, V>();
  private readonly half: number;

  constructor(most: number) {
    if (!Number.isSafeInteger(most) || most < 2) throw new TypeError('a size is a whole number above 1');
    this.half = Math.floor(most / 2);
  }

  get size(): number {
    return this.young.size + this.old.size;
  }

  get(key: K): V | undefined {
    const value = this.young.get(key);
    if (value !== undefined) return value;
    const older = this.old.get(key);
    if (older !== undefined) this.set(key, older);
    return older;
  }

  set(key: K, value: V): void {
    this.old.delete(key);
    if (this.young.size >= this.half && !this.young.has(key)) {
      this.old = this.young;
      this.young = new Map();
    }
    this.young.set(key, value);
  }

  delete(key: K): void {
    this.young.delete(key);
    this.old.delete(key);
  }

  clear(): void {
    this.young.clear();
    this.old.clear();
  }

  /** Forgets from what was kept first on while `isOver` says so, so many of a generation at most. */
  sweep(isOver: (value: V) => boolean, most: number): void {
    for (const generation of [this.old, this.young]) {
      let left = most;
      for (const [key, value] of generation) {
        if (left === 0 || !isOver(value)) break;
        generation.delete(key);
        left -= 1;
      }
    }
  }
}
