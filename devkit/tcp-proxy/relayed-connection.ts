import { connect, type Socket } from 'node:net';
import type { ProxyFaults } from './proxy-faults.js';

export interface Address {
  readonly host: string;
  readonly port: number;
}

interface Direction {
  readonly from: Socket;
  readonly to: Socket;
  /** Whether this is what the server says. */
  readonly isAnswer: boolean;
  /** Timers under way, and how long the last of them waits. */
  underWay: number;
  lastWait: number;
}

/** One connection through the proxy: what comes in on one side goes out on the other, as the faults of the moment allow. */
export class RelayedConnection {
  private readonly sides: readonly Socket[];
  private passed = 0;
  private over = false;

  constructor(
    private readonly deps: {
      readonly downstream: Socket;
      readonly target: Address;
      readonly faults: () => ProxyFaults;
      readonly closed: () => void;
    },
  ) {
    const { downstream, target } = deps;
    const upstream = connect({ ...target, noDelay: true, allowHalfOpen: true });
    this.sides = [downstream, upstream];
    this.relay({ from: downstream, to: upstream, isAnswer: false, underWay: 0, lastWait: 0 });
    this.relay({ from: upstream, to: downstream, isAnswer: true, underWay: 0, lastWait: 0 });
  }

  /** Ends both sides the way a host that has gone down ends them: with RST, whatever was still under way. */
  reset(): void {
    if (this.over) return;
    this.over = true;
    for (const socket of this.sides) {
      if (socket.connecting) socket.destroy();
      else socket.resetAndDestroy();
    }
    this.deps.closed();
  }

  private relay(direction: Direction): void {
    const { from, to } = direction;
    from.on('data', (chunk: Buffer) => this.pass(chunk, direction));
    from.on('end', () => this.unlessBlackhole(direction, () => to.end()));
    from.on('error', () => this.unlessBlackhole(direction, () => this.reset()));
    from.on('close', () => {
      if (this.sides.every((socket) => socket.destroyed)) this.reset();
    });
  }

  private pass(chunk: Buffer, direction: Direction): void {
    this.unlessBlackhole(direction, () => {
      const { limitBytes } = this.deps.faults();
      const allowed = limitBytes === null ? chunk.length : Math.max(0, limitBytes - this.passed);
      this.passed += chunk.length;
      if (direction.to.writable && !direction.to.write(chunk.subarray(0, allowed))) hold(direction);
      // What was written is let go first: the limit cuts after its bytes, not before them.
      if (allowed < chunk.length) setImmediate(() => this.reset());
    });
  }

  private unlessBlackhole(direction: Direction, act: () => void): void {
    const { latencyMs, blackhole, muteAnswers } = this.deps.faults();
    if (blackhole || (muteAnswers && direction.isAnswer)) return;
    if (latencyMs === 0 && direction.underWay === 0) {
      act();
      return;
    }
    // Never shorter than what is still under way, so that bytes keep their order when the latency changes.
    direction.lastWait = direction.underWay === 0 ? latencyMs : Math.max(latencyMs, direction.lastWait);
    direction.underWay += 1;
    setTimeout(() => {
      direction.underWay -= 1;
      if (!this.over) act();
    }, direction.lastWait).unref();
  }
}

/** Reads no faster than the other side takes. */
function hold({ from, to }: Direction): void {
  from.pause();
  to.once('drain', () => from.resume());
}
