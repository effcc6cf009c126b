/**
 * The measured service: the composition root of `countersign serve`, in a process of its own. It is not the command itself
 * because that refuses an issuer on this machine over plain HTTP.
 */
import { randomUUID } from 'node:crypto';
import { readFileSync, writeFileSync } from 'node:fs';
import { Session } from 'node:inspector/promises';
import { openFoundations } from '#clients/foundations.js';
import { startHost, withManagers } from '#clients/host.js';
import { joinParent, readTask } from './processes/parent-link.js';
import { serviceSettings } from './service.settings.js';
import type { ServiceTask } from './service.settings.js';

const task = readTask() as ServiceTask;
if (task.importFile === null) await serve();
else await importPopulation(task.importFile);

async function serve(): Promise<void> {
  const host = await startHost(serviceSettings(task), { migrate: false, unsafeRole: 'step-down' });
  listenForProfiling();
  joinParent({ restPort: portOf(host.httpUrl), grpcPort: portOf(`http://${host.grpcAddress}`) }, () => host.stop());
}

/** In a process before the measured one, so that nothing of it stays in its memory. */
async function importPopulation(file: string): Promise<void> {
  const settings = serviceSettings(task);
  const foundations = await openFoundations(settings, { migrate: true, unsafeRole: 'step-down' });
  await foundations.close();
  const document: unknown = JSON.parse(readFileSync(file, 'utf8'));
  await withManagers(
    settings,
    ({ administration }) => administration.importDocument({ diagnosticId: randomUUID(), transport: 'cli' }, document),
    { unsafeRole: 'step-down' },
  );
  joinParent({}, () => undefined);
}

function portOf(url: string): number {
  return Number(new URL(url).port);
}

/** `profile.start` and `profile.stop` frame what is of interest; a profile of the whole process would begin with its start. */
function listenForProfiling(): void {
  const session = new Session();
  process.on('message', (message: { kind?: string; file?: string }) => {
    if (message.kind === 'profile.start') void startProfile(session);
    if (message.kind === 'profile.stop') void stopProfile(session, message.file ?? 'service.cpuprofile');
  });
}

async function startProfile(session: Session): Promise<void> {
  session.connect();
  await session.post('Profiler.enable');
  await session.post('Profiler.start');
  process.send?.({ kind: 'profile.started' });
}

async function stopProfile(session: Session, file: string): Promise<void> {
  const { profile } = await session.post('Profiler.stop');
  session.disconnect();
  writeFileSync(file, JSON.stringify(profile));
  process.send?.({ kind: 'profile.stopped' });
}
