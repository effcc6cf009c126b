import type { MigrationInterface, QueryRunner } from 'typeorm';

export class KeyLifecycle1790000006000 implements MigrationInterface {
  readonly name = 'KeyLifecycle1790000006000';

  async up(runner: QueryRunner): Promise<void> {
    await runner.query(`
      alter table signing_key
        add column backend text not null default 'local' check (length(backend) between 1 and 64),
        add column reference text check (length(reference) between 1 and 1024),
        add column public_proof bytea,
        add column signs_at_once boolean not null default false,
        add column private_half_ended_at timestamptz,
        alter column format_version drop not null`);
    await runner.query('alter table signing_key rename column retiring_at to stopped_at');
    await runner.query('alter table signing_key rename column retired_at to ended_at');
    // Until now the only keys are first keys of an empty ring.
    await runner.query('update signing_key set reference = kid, signs_at_once = true');
    await runner.query('alter table signing_key alter column reference set not null, drop constraint signing_key_sealed');
    // A key that does not sign any more has no private half to steal.
    await runner.query(`
      update signing_key set sealed = null, wrapped_data_key = null, key_encryption_key_id = null, format_version = null
      where state not in ('pending', 'published', 'active')`);
    await runner.query(`
      alter table signing_key add constraint signing_key_private_half check (
        case when state in ('pending', 'published', 'active') and backend = 'local'
          then sealed is not null and wrapped_data_key is not null and key_encryption_key_id is not null
            and format_version is not null
          when state in ('pending', 'published', 'active') then true
          else sealed is null and wrapped_data_key is null end)`);
    // Given with the first key, so that copies of an empty database are installations of their own.
    await runner.query('alter table keyring_epoch add column installation_id uuid');
    await runner.query('update keyring_epoch set installation_id = gen_random_uuid() where epoch > 0');
    await runner.query('insert into keyring_epoch (epoch) values (0) on conflict do nothing');
    await runner.query(`
      create table work_lease (
        tenant_id uuid not null default '00000000-0000-0000-0000-000000000000',
        name text not null,
        holder text not null,
        fence bigint not null,
        expires_at timestamptz not null,
        primary key (tenant_id, name)
      )`);
    await runner.query(`select attach_change_feed('signing_key')`);
  }

  async down(runner: QueryRunner): Promise<void> {
    for (const event of ['insert', 'update', 'delete', 'truncate']) {
      await runner.query(`drop trigger change_feed_${event} on signing_key`);
    }
    await runner.query('drop table work_lease');
    await runner.query('alter table keyring_epoch drop column installation_id');
    await runner.query(`delete from signing_key where sealed is null`);
    await runner.query('alter table signing_key rename column stopped_at to retiring_at');
    await runner.query('alter table signing_key rename column ended_at to retired_at');
    await runner.query(`
      alter table signing_key
        drop constraint signing_key_private_half,
        drop column backend,
        drop column reference,
        drop column public_proof,
        drop column signs_at_once,
        drop column private_half_ended_at,
        alter column format_version set not null,
        add constraint signing_key_sealed check (
          state in ('retired', 'revoked')
          or (sealed is not null and wrapped_data_key is not null and key_encryption_key_id is not null))`);
  }
}
