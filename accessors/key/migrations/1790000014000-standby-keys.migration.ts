import type { MigrationInterface, QueryRunner } from 'typeorm';

export class StandbyKeys1790000014000 implements MigrationInterface {
  readonly name = 'StandbyKeys1790000014000';

  async up(runner: QueryRunner): Promise<void> {
    await runner.query('alter table signing_key add column standby boolean not null default false');
    // A key that stands by signs while another one is active; it never becomes that one.
    await runner.query(`
      alter table signing_key add constraint signing_key_standby check (not standby or (state <> 'active' and backend = 'local'))`);
  }

  async down(runner: QueryRunner): Promise<void> {
    await runner.query(`update signing_key set state = 'retired', sealed = null, wrapped_data_key = null,
      key_encryption_key_id = null, format_version = null where standby and state in ('pending', 'published')`);
    await runner.query('alter table signing_key drop constraint signing_key_standby, drop column standby');
  }
}
