/**
 * Sets of permissions of one application as bits: position 0 is the first name of its sorted catalogue. Plain loops, since these
 * run several times in each exchange.
 */
export type PermissionBits = Uint32Array;

export function emptyBits(size: number): PermissionBits {
  return new Uint32Array((size + 31) >>> 5);
}

export function addBit(bits: PermissionBits, position: number): void {
  const word = position >>> 5;
  bits[word] = (bits[word] ?? 0) | (1 << (position & 31));
}

export function hasBit(bits: PermissionBits, position: number): boolean {
  return ((bits[position >>> 5] ?? 0) & (1 << (position & 31))) !== 0;
}

/** A plain loop: for sets as small as these the built-in costs more than it saves. */
export function copyTo(target: PermissionBits, source: PermissionBits): void {
  for (let word = 0; word < target.length; word++) target[word] = source[word] ?? 0;
}

/** More than there are names of, where they do not fill the last word. */
export function setAll(target: PermissionBits): void {
  for (let word = 0; word < target.length; word++) target[word] = -1;
}

export function addAll(target: PermissionBits, source: PermissionBits): void {
  for (let word = 0; word < target.length; word++) target[word] = (target[word] ?? 0) | (source[word] ?? 0);
}

export function keepOnly(target: PermissionBits, source: PermissionBits): void {
  for (let word = 0; word < target.length; word++) target[word] = (target[word] ?? 0) & (source[word] ?? 0);
}

export function removeAll(target: PermissionBits, source: PermissionBits): void {
  for (let word = 0; word < target.length; word++) target[word] = (target[word] ?? 0) & ~(source[word] ?? 0);
}

export function isEmpty(bits: PermissionBits): boolean {
  for (let word = 0; word < bits.length; word++) {
    if (bits[word] !== 0) return false;
  }
  return true;
}

/** Whether they have any in common. */
export function hasAny(one: PermissionBits, other: PermissionBits): boolean {
  for (let word = 0; word < one.length; word++) {
    if (((one[word] ?? 0) & (other[word] ?? 0)) !== 0) return true;
  }
  return false;
}

export function isWithin(inner: PermissionBits, outer: PermissionBits): boolean {
  for (let word = 0; word < inner.length; word++) {
    if (((inner[word] ?? 0) & ~(outer[word] ?? 0)) !== 0) return false;
  }
  return true;
}

export function countBits(bits: PermissionBits): number {
  return positionsOf(bits).length;
}

/** Positions in ascending order, which is the order of the names. */
export function positionsOf(bits: PermissionBits): readonly number[] {
  const positions: number[] = [];
  for (let word = 0; word < bits.length; word++) {
    let rest = bits[word] ?? 0;
    while (rest !== 0) {
      const bit = 31 - Math.clz32(rest & -rest);
      positions.push((word << 5) | bit);
      rest &= rest - 1;
    }
  }
  return positions;
}

export function sameBits(left: PermissionBits, right: PermissionBits): boolean {
  for (let word = 0; word < left.length; word++) {
    if (left[word] !== right[word]) return false;
  }
  return left.length === right.length;
}

/** FNV-1a over the words: spreads the interned sets over their buckets; equality is always checked word by word. */
export function hashBits(bits: PermissionBits): number {
  let hash = 0x811c9dc5;
  for (let word = 0; word < bits.length; word++) hash = Math.imul(hash ^ (bits[word] ?? 0), 0x01000193);
  return hash;
}
