/** Reads a .cpuprofile: which functions the time was spent in themselves. */
export interface CpuProfile {
  readonly nodes: readonly {
    readonly id: number;
    readonly callFrame: { readonly functionName: string; readonly url: string; readonly lineNumber: number };
  }[];
  readonly samples: readonly number[];
  /** Microseconds before each sample. */
  readonly timeDeltas: readonly number[];
}

export interface SelfTime {
  readonly where: string;
  readonly share: number;
}

/** Largest first; waiting for work is left out, and so is the profiler. */
export function topSelfTimes(profile: CpuProfile, count: number): readonly SelfTime[] {
  const places = new Map(profile.nodes.map((node) => [node.id, placeOf(node.callFrame)]));
  const times = new Map<string, number>();
  profile.samples.forEach((sample, index) => {
    const place = places.get(sample) ?? '(unknown)';
    if (place !== '(idle)' && !place.includes('node:inspector'))
      times.set(place, (times.get(place) ?? 0) + (profile.timeDeltas[index] ?? 0));
  });
  const total = [...times.values()].reduce((sum, time) => sum + time, 0);
  const sorted = [...times].toSorted(([, one], [, other]) => other - one);
  return sorted.slice(0, count).map(([where, time]) => ({ where, share: time / total }));
}

function placeOf({ functionName, url, lineNumber }: CpuProfile['nodes'][number]['callFrame']): string {
  if (url === '') return functionName === '' ? '(anonymous)' : functionName;
  const file = url.split('/').slice(-3).join('/');
  return `${functionName === '' ? '(anonymous)' : functionName}  ${file}:${lineNumber + 1}`;
}
