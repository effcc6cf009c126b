import { Module } from '@nestjs/common';
import { CLOCK, type Clock } from '#utilities/clock/contract.js';
import { SETTINGS, type Settings } from '#utilities/config/contract.js';
import { LOGGER, type Logger } from '#utilities/logging/contract.js';
import { COUNTERS, type Counters } from '#utilities/telemetry/contract.js';
import { CachedDirectoryAccess } from './cached.directory.access.js';
import { DIRECTORY_ACCESS, type DirectoryAccess } from './contract.js';
import { graphDirectories } from './graph.directories.js';
import { GraphDirectoryAccess } from './graph.directory.access.js';
import { NoneDirectoryAccess } from './none.directory.access.js';

function makeAccess({ directories }: Settings, clock: Clock, logger: Logger, counters: Counters): DirectoryAccess {
  if (directories.length === 0) return new NoneDirectoryAccess();
  const onBehalfOf = new Set(directories.filter(({ mode }) => mode === 'onBehalfOf').map(({ issuer }) => issuer));
  return new CachedDirectoryAccess({
    inner: new GraphDirectoryAccess({ directories: graphDirectories(directories, clock), logger, counters }),
    clock,
    isOnBehalfOf: (issuer) => onBehalfOf.has(issuer),
  });
}

@Module({
  providers: [{ provide: DIRECTORY_ACCESS, useFactory: makeAccess, inject: [SETTINGS, CLOCK, LOGGER, COUNTERS] }],
  exports: [DIRECTORY_ACCESS],
})
export class DirectoryModule {}
