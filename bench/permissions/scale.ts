export interface ScaleOptions {
  readonly isShort: boolean;
  readonly cleanUp: unknown;
  readonly say: (line: string) => void;
}
export function measureScale(options: ScaleOptions): Promise<boolean> {
  options.say('to be done');
  return Promise.resolve(true);
}
