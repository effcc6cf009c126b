import { Client, credentials } from '@grpc/grpc-js';
import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import type { Host } from '#clients/host.js';
import { callRaw } from '../support/callers.js';
import { startService, type TestService } from '../support/service.js';

/** `ServerReflectionRequest { list_services: "" }`. */
const LIST_SERVICES = Buffer.from([0x3a, 0x00]);

const SYMBOL = 'countersign.auth.v1.CheckPermissionRequest';
/** `ServerReflectionRequest { file_containing_symbol: SYMBOL }`. */
const FILE_OF_A_REQUEST = Buffer.concat([Buffer.from([0x22, SYMBOL.length]), Buffer.from(SYMBOL)]);

describe('The gRPC server', () => {
  let service: TestService;
  beforeAll(async () => {
    service = await startService({
      database: { kind: 'embedded', directory: null },
      settings: { grpc: { host: '127.0.0.1', port: 0, tls: null, certificateProxies: null, reflection: true } },
    });
  }, 60_000);
  afterAll(() => service.stop());

  it('answers health to anybody', async () => {
    expect(await callRaw(service.host, '/grpc.health.v1.Health/Check')).toBe('OK');
  });

  it('describes itself where reflection is switched on', async () => {
    expect(await reflected(service.host, LIST_SERVICES)).toContain('countersign.auth.v1.AuthService');
  });

  it('describes each file by itself, so that tools find what it imports', async () => {
    const described = await reflected(service.host, FILE_OF_A_REQUEST);
    for (const file of ['countersign/auth/v1/auth.proto', 'google/protobuf/struct.proto'])
      expect(described).toContain(`\n${String.fromCharCode(file.length)}${file}\x12`);
  });
});

function reflected(host: Host, question: Buffer): Promise<string> {
  const client = new Client(host.grpcAddress, credentials.createInsecure());
  const same = (value: Buffer): Buffer => value;
  return new Promise((resolve, reject) => {
    const stream = client.makeBidiStreamRequest('/grpc.reflection.v1.ServerReflection/ServerReflectionInfo', same, same);
    stream.on('data', (answer: Buffer) => {
      resolve(answer.toString('latin1'));
      stream.cancel();
      client.close();
    });
    stream.on('error', reject);
    stream.write(question);
  });
}
