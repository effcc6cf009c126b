import type { MigrationInterface, QueryRunner } from 'typeorm';

/** Live decisions, without the values they were made from. Old ones may be deleted: they are material for trials, not evidence. */
export class DecisionTable1790000006300 implements MigrationInterface {
  readonly name = 'DecisionTable1790000006300';

  async up(runner: QueryRunner): Promise<void> {
    await runner.query(`
      create table decision (
        tenant_id uuid not null,
        id uuid not null,
        at timestamptz not null,
        decision_id text not null,
        diagnostic_id uuid not null,
        client_id text not null,
        subject_id uuid,
        audience text not null,
        permission text not null,
        resource_type text,
        resource_id text,
        unit text,
        allowed boolean not null,
        code text not null,
        policy_version text not null,
        epoch bigint not null,
        primary key (tenant_id, id)
      )`);
    await runner.query('create index decision_at on decision (tenant_id, at desc, id desc)');
  }

  async down(runner: QueryRunner): Promise<void> {
    await runner.query('drop table decision');
  }
}
