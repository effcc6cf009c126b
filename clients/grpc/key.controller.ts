import type { Metadata } from '@grpc/grpc-js';
import { Controller, Inject, UseFilters } from '@nestjs/common';
import { GrpcMethod } from '@nestjs/microservices';
import {
  KEY_EMERGENCY,
  type KeyEmergency,
  type KeyEmergencyReport,
  KEYRING_MANAGER,
  type KeyringManager,
  type KeyringStep,
} from '#managers/keyring/contract.js';
import type {
  KeyEmergency as EmergencyMessage,
  KeyStep,
  ListKeysResponse,
  RevokeKeyResponse,
  RotateKeysRequest,
  RotateKeysResponse,
  TaintKeyRequest,
  TaintKeyResponse,
} from '#protos/generated/countersign/keys/v1/keys.js';
import { OpenToAll } from '../access.decorators.js';
import { readEmergency, readRotation } from '../keys-admin.requests.js';
import { CALLERS, type Callers } from './callers.js';
import { GrpcStatusFilter } from './status.filter.js';

/** The keyring for operators, whom the interceptor has let in; without one every handler refuses. */
@OpenToAll()
@Controller()
@UseFilters(GrpcStatusFilter)
export class KeyController {
  constructor(
    @Inject(KEYRING_MANAGER) private readonly keyring: KeyringManager,
    @Inject(KEY_EMERGENCY) private readonly emergency: KeyEmergency,
    @Inject(CALLERS) private readonly callers: Callers,
  ) {}

  @GrpcMethod('KeyService', 'listKeys')
  async listKeys(_request: object, metadata: Metadata): Promise<ListKeysResponse> {
    const status = await this.keyring.status(this.callers.operatorOf(metadata));
    const keys = status.keys.map((key) => ({
      kid: key.kid,
      algorithm: key.algorithm,
      state: key.state,
      backend: key.backend,
      createdAt: key.createdAt,
      publishedAt: key.publishedAt ?? 0,
      activatedAt: key.activatedAt ?? 0,
      stoppedAt: key.stoppedAt ?? 0,
    }));
    return { epoch: status.epoch, keys, next: status.next.map(stepOf) };
  }

  @GrpcMethod('KeyService', 'rotateKeys')
  async rotateKeys({ algorithm, validateOnly }: RotateKeysRequest, metadata: Metadata): Promise<RotateKeysResponse> {
    const context = this.callers.operatorOf(metadata);
    const request = readRotation(algorithm === '' ? { validateOnly } : { algorithm, validateOnly });
    const report = await this.keyring.rotate(context, request);
    return { epoch: report.epoch, done: report.done.map(stepOf), next: report.next.map(stepOf) };
  }

  @GrpcMethod('KeyService', 'taintKey')
  async taintKey({ kid, reason, validateOnly }: TaintKeyRequest, metadata: Metadata): Promise<TaintKeyResponse> {
    const context = this.callers.operatorOf(metadata);
    return { emergency: messageOf(await this.emergency.taint(context, { kid, ...readEmergency({ reason, validateOnly }) })) };
  }

  @GrpcMethod('KeyService', 'revokeKey')
  async revokeKey({ kid, reason, validateOnly }: TaintKeyRequest, metadata: Metadata): Promise<RevokeKeyResponse> {
    const context = this.callers.operatorOf(metadata);
    return { emergency: messageOf(await this.emergency.revoke(context, { kid, ...readEmergency({ reason, validateOnly }) })) };
  }
}

function stepOf({ kind, algorithm, kid, dueAt, because }: KeyringStep): KeyStep {
  return { kind, algorithm, kid: kid ?? '', dueAt, because };
}

function messageOf(report: KeyEmergencyReport): EmergencyMessage {
  return {
    epoch: report.epoch,
    replacedBy: report.replacedBy ?? '',
    done: report.done.map(stepOf),
    issued: [...report.issued],
    accepted: [...report.accepted],
  };
}
