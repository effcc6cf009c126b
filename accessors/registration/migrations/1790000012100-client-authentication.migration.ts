import type { MigrationInterface, QueryRunner } from 'typeorm';

/** How a client proves who it is, where browsers may call from, what its tokens are bound to, and what it may do for others. */
export class ClientAuthentication1790000012100 implements MigrationInterface {
  readonly name = 'ClientAuthentication1790000012100';

  async up(runner: QueryRunner): Promise<void> {
    // Documents are read and replaced whole, and only ever found by the id of the client.
    await runner.query(`
      alter table oauth_client
        add column kind text not null default 'confidential' check (kind in ('confidential', 'public')),
        add column authentication jsonb check (jsonb_typeof(authentication) = 'object'),
        add column origins text[] not null default '{}',
        add column binding text check (binding in ('required', 'optional')),
        add column serves text[] not null default '{}'`);
    await runner.query(`
      alter table client_target
        add column hops jsonb check (jsonb_typeof(hops) = 'array'),
        add column impersonation text[],
        add column tenant_pairs jsonb check (jsonb_typeof(tenant_pairs) = 'array')`);
  }

  async down(runner: QueryRunner): Promise<void> {
    await runner.query('alter table client_target drop column hops, drop column impersonation, drop column tenant_pairs');
    await runner.query(`
      alter table oauth_client
        drop column kind, drop column authentication, drop column origins, drop column binding, drop column serves`);
  }
}
