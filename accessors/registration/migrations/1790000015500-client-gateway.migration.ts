import type { MigrationInterface, QueryRunner } from 'typeorm';

/** What a client does as a gateway. */
export class ClientGateway1790000015500 implements MigrationInterface {
  readonly name = 'ClientGateway1790000015500';

  async up(runner: QueryRunner): Promise<void> {
    // Read and replaced whole, and only ever found by the id of the client.
    await runner.query(`alter table oauth_client add column gateway jsonb check (jsonb_typeof(gateway) = 'object')`);
  }

  async down(runner: QueryRunner): Promise<void> {
    await runner.query('alter table oauth_client drop column gateway');
  }
}
