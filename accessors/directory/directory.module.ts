import { Module } from '@nestjs/common';
import { DIRECTORY_ACCESS } from './contract.js';
import { NoneDirectoryAccess } from './none.directory.access.js';

@Module({
  providers: [{ provide: DIRECTORY_ACCESS, useFactory: () => new NoneDirectoryAccess() }],
  exports: [DIRECTORY_ACCESS],
})
export class DirectoryModule {}
