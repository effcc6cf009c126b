import type { MigrationInterface, QueryRunner } from 'typeorm';

/** What live checks and the life of tokens need to know of clients, applications and permissions. */
export class RegistrationChecks1790000006200 implements MigrationInterface {
  readonly name = 'RegistrationChecks1790000006200';

  async up(runner: QueryRunner): Promise<void> {
    await runner.query(`
      alter table oauth_client
        add column checks text[] not null default '{}',
        add column explains boolean not null default false`);
    await runner.query('alter table application add column settles_context boolean not null default false');
    await runner.query(`
      alter table permission
        add column risk text not null default 'low' check (risk in ('low', 'medium', 'high')),
        add column max_lifetime_seconds integer check (max_lifetime_seconds > 0)`);
  }

  async down(runner: QueryRunner): Promise<void> {
    await runner.query('alter table permission drop column risk, drop column max_lifetime_seconds');
    await runner.query('alter table application drop column settles_context');
    await runner.query('alter table oauth_client drop column checks, drop column explains');
  }
}
