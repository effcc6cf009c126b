import type { MigrationInterface, QueryRunner } from 'typeorm';

export class ApplicationAlgorithm1790000006100 implements MigrationInterface {
  readonly name = 'ApplicationAlgorithm1790000006100';

  async up(runner: QueryRunner): Promise<void> {
    await runner.query(`
      alter table application add column signing_algorithm text not null default 'ES256'
        check (signing_algorithm in ('ES256', 'RS256', 'PS256', 'Ed25519'))`);
  }

  async down(runner: QueryRunner): Promise<void> {
    await runner.query('alter table application drop column signing_algorithm');
  }
}
