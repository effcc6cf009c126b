import { Metadata, Server, ServerCredentials } from '@grpc/grpc-js';
import { afterAll, describe, expect, it } from '@jest/globals';
import { statusOf } from '#clients/grpc/status.js';
import { CodedError } from '#utilities/errors/coded-error.js';
import { OpenServers } from './open-servers.js';
import { codesOf, failureOf, whoSaidNo } from './probe.js';

describe('What a Node client sees of a hop that answers', () => {
  const servers = new OpenServers();
  afterAll(() => servers.close());

  it.each([
    [301, 'LOGIN_REDIRECT'],
    [302, 'LOGIN_REDIRECT'],
    [303, 'LOGIN_REDIRECT'],
    [307, 'LOGIN_REDIRECT'],
    [400, 'HOP_BAD_REQUEST'],
    [401, 'DENIED_BY_HOP'],
    [403, 'DENIED_BY_HOP'],
    [404, 'HOP_404'],
    [405, 'HOP_404'],
    [413, 'HOP_LIMIT'],
    [414, 'HOP_LIMIT'],
    [415, 'HOP_BAD_REQUEST'],
    [418, 'HOP_OTHER_STATUS'],
    [421, 'HOP_BAD_REQUEST'],
    [429, 'HOP_RATE_LIMITED'],
    [431, 'HOP_LIMIT'],
    [500, 'HOP_5XX'],
    [502, 'HOP_5XX'],
    [503, 'HOP_5XX'],
    [504, 'HOP_5XX'],
  ])('HTTP %i: %s', async (status, code) => {
    const target = await servers.onStream((stream) => {
      stream.respond({ ':status': status, 'content-type': 'text/html' });
      stream.end('<html><body>no</body></html>');
    });
    const failure = await failureOf({ target });
    expect(codesOf(failure)[0]).toBe(code);
    expect(whoSaidNo(failure)).toBe('intermediary');
  });

  it.each([
    ['<!DOCTYPE html><html></html>', 'HTML_INSTEAD_OF_GRPC'],
    ['<!doctype html>', 'HTML_INSTEAD_OF_GRPC'],
    ['<html><head><title>Sign in</title></head></html>', 'HTML_INSTEAD_OF_GRPC'],
    ['<HTML>', 'HTML_INSTEAD_OF_GRPC'],
    ['{"error":"invalid_token"}', 'TEXT_INSTEAD_OF_GRPC'],
    ['<?xml version="1.0"?>', 'TEXT_INSTEAD_OF_GRPC'],
    ['hello world', 'TEXT_INSTEAD_OF_GRPC'],
    ['\0\0\x50\0\0 five megabytes', 'MESSAGE_TOO_LARGE'],
  ])('200 and %j: %s', async (body, code) => {
    const target = await servers.onStream((stream) => {
      stream.respond({ ':status': 200, 'content-type': 'text/html' });
      stream.end(body);
    });
    expect(codesOf(await failureOf({ target }))).toEqual([code]);
  });

  it.each([
    [0, 'TRAILERS_STRIPPED'],
    [1, 'PROXY_PASS_H1'],
    [2, 'STREAM_ERROR'],
    [7, 'STREAM_REFUSED'],
    [8, 'STREAM_CANCELLED'],
    [9, 'HDR_OVER_NODE_LIMIT'],
    [11, 'TOKEN_TOO_BIG_FOR_HOP'],
    [12, 'TLS_WEAK_SUITE'],
    [13, 'HTTP_1_1_REQUIRED'],
  ])('RST_STREAM %i: %s', async (reset, code) => {
    const target = await servers.onStream((stream) => stream.close(reset));
    expect(codesOf(await failureOf({ target }))[0]).toBe(code);
  });

  it('an answer without trailers', async () => {
    const target = await servers.onStream((stream) => {
      stream.respond({ ':status': 200, 'content-type': 'application/grpc' });
      stream.end(Buffer.alloc(5));
    });
    expect(codesOf(await failureOf({ target }))).toEqual(['TRAILERS_STRIPPED']);
  });

  it('a server that has had enough of pings: the same text, with the other cause beside', async () => {
    const target = await servers.onStream((stream) => {
      stream.session?.goaway(11, 0, Buffer.from('too_many_pings'));
      stream.session?.destroy();
    });
    expect(codesOf(await failureOf({ target }))).toEqual(['TOKEN_TOO_BIG_FOR_HOP', 'KEEPALIVE_TOO_MANY_PINGS']);
  });

  it('a connection that ends in the middle of a call', async () => {
    const target = await servers.onStream((stream) => {
      stream.session?.goaway(0);
      stream.session?.destroy();
    });
    expect(codesOf(await failureOf({ target }))).toEqual(['CONNECTION_DROPPED']);
  });
});

const PLACES = { pages: 'https://auth.example.com/errors/', administration: 'https://auth.example.com/admin' };

describe('What a Node client sees of a server of grpc-js', () => {
  const server = new Server();
  const path = '/example.v1.RefusingService/Refuse';
  const same = (bytes: Buffer): Buffer => bytes;
  const bytes = { requestSerialize: same, requestDeserialize: same, responseSerialize: same, responseDeserialize: same };
  server.addService(
    { refuse: { path, requestStream: false, responseStream: false, ...bytes } },
    {
      refuse: (_call: unknown, done: (refusal: object) => void) =>
        done(statusOf(new CodedError('TENANT_SUSPENDED'), 'some-id', PLACES)),
    },
  );
  afterAll(() => {
    server.forceShutdown();
  });
  const opened = new Promise<string>((resolve, reject) => {
    server.bindAsync('127.0.0.1:0', ServerCredentials.createInsecure(), (error, port) => {
      if (error === null) resolve(`127.0.0.1:${port}`);
      else reject(error);
    });
  });

  it('with a header block that Node does not take', async () => {
    const metadata = new Metadata();
    metadata.set('authorization', `Bearer ${'Aa0-'.repeat(25_000)}`);
    expect(codesOf(await failureOf({ target: await opened, metadata }))).toEqual(['HDR_OVER_NODE_LIMIT']);
  });

  it('that has no such method', async () => {
    const failure = await failureOf({ target: await opened });
    expect(codesOf(failure)).toEqual(['METHOD_UNKNOWN']);
    expect(whoSaidNo(failure)).toBe('other-service');
  });

  it('that refuses with details: whose they are tells who said no', async () => {
    const failure = await failureOf({ target: await opened, path });
    expect(codesOf({ details: '', ...failure, ownDomain: 'countersign' })).toEqual(['SERVICE_SAID_NO']);
    expect(codesOf({ details: '', ...failure, ownDomain: 'example.com' })).toEqual(['OTHER_SERVICE_SAID_NO']);
  });
});
