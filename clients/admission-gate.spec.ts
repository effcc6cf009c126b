import { describe, expect, it } from '@jest/globals';
import { MemoryCounters } from '#utilities/telemetry/memory.counters.js';
import { AdmissionGate } from './admission-gate.js';

describe('The gate before clients', () => {
  it('lets in as many as its limit, over both transports together, and tells the others when to come again', () => {
    const counters = new MemoryCounters();
    const gate = new AdmissionGate({ limit: 2, counters });
    gate.enter('rest');
    gate.enter('grpc');
    expect(() => {
      gate.enter('rest');
    }).toThrow(
      expect.objectContaining({ code: 'SERVICE_OVERLOADED', details: expect.objectContaining({ retryAfterSeconds: 1 }) }),
    );
    expect(gate.load).toBe(2);
    gate.leave();
    gate.enter('grpc');
    expect([...counters.snapshot()]).toEqual([['admission.shed{rest}', 1]]);
  });
});
