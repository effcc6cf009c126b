import type { z } from 'zod';
import type { ListenerSettings } from './contract.js';
import type { listenerShape } from './listener.schema.js';
import type { SettingsFault } from './settings-fault.js';

type ListenerFile = z.infer<z.ZodObject<ReturnType<typeof listenerShape>>>;
type TlsFile = NonNullable<ListenerFile['tls']>;

const FILES = ['certFile', 'keyFile', 'clientCaFile'] as const satisfies readonly (keyof TlsFile)[];

/** What the members of a listener mean together. */
export function listenerRules(
  name: string,
  listener: ListenerFile | undefined,
  isReadable: (name: string) => boolean,
): readonly SettingsFault[] {
  const tls = listener?.tls ?? null;
  if (tls === null) return [];
  const fault = (member: keyof TlsFile, message: string): SettingsFault => ({
    code: 'CONFIG_INVALID',
    path: [name, 'tls', member],
    message,
  });
  const faults = FILES.filter((member) => tls[member] !== null && !isReadable(tls[member])).map((member) =>
    fault(member, 'there is no readable file of this name'),
  );
  // SECURITY: without authorities of its own, the public ones would vouch for anybody, or for nobody at all.
  if (tls.clientCertificates === 'require' && tls.clientCaFile === null)
    faults.push(fault('clientCaFile', 'missing: clientCertificates: require needs it'));
  if (tls.clientCertificates === 'none' && tls.clientCaFile !== null)
    faults.push(fault('clientCertificates', 'expected request or require, where there is a clientCaFile'));
  return faults;
}

/** @param beside the name, seen from the folder of the settings file */
export function listenerOf(
  { host, port, tls, certificateProxies }: ListenerFile,
  beside: (name: string) => string,
): ListenerSettings {
  return {
    host,
    port,
    tls:
      tls === null
        ? null
        : {
            certFile: beside(tls.certFile),
            keyFile: beside(tls.keyFile),
            clientCertificates: tls.clientCertificates,
            clientCaFile: tls.clientCaFile === null ? null : beside(tls.clientCaFile),
          },
    certificateProxies,
  };
}
