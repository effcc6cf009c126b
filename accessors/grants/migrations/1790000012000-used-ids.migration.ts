import type { MigrationInterface, QueryRunner } from 'typeorm';

/**
 * Ids that may be used once. They belong to no tenant: whoever uses one is a client or a key. The digest alone is the key, not its
 * end too: the same id with another end is the same id.
 */
export class UsedIds1790000012000 implements MigrationInterface {
  readonly name = 'UsedIds1790000012000';

  async up(runner: QueryRunner): Promise<void> {
    await runner.query(`
      create table used_id (
        digest bytea primary key,
        ends_at timestamptz not null,
        constraint used_id_digest check (length(digest) = 32)
      ) with (autovacuum_vacuum_scale_factor = 0.05, autovacuum_vacuum_insert_scale_factor = 0.05)`);
    await runner.query('create index used_id_ends_at on used_id (ends_at)');
  }

  async down(runner: QueryRunner): Promise<void> {
    await runner.query('drop table used_id');
  }
}
