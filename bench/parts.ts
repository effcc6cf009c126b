export async function timeParts(say: (line: string) => void): Promise<void> {
  say('parts');
  await Promise.resolve();
}
