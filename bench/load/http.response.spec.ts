import { describe, expect, it } from '@jest/globals';
import { readResponse } from './http.response.js';

const bytes = Buffer.from('HTTP/1.1 200 OK\r\nServer: x\r\nContent-Length: 9\r\n\r\n{"a":"é"}'.replace('9', '10'));

describe('reading a response', () => {
  it('gives status, body and length', () => {
    expect(readResponse(bytes)).toEqual({ status: 200, body: '{"a":"é"}', length: bytes.length });
  });

  it('waits until all of it is there, wherever it is cut', () => {
    for (let end = 0; end < bytes.length; end += 1) expect(readResponse(bytes.subarray(0, end))).toBeUndefined();
  });

  it('refuses a response without a length', () => {
    expect(() => readResponse(Buffer.from('HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n0\r\n\r\n'))).toThrow(
      'not a response',
    );
  });
});
