import { createServer } from 'node:net';

/** A port that is free now; another process may take it a moment later. */
export function freePort(): Promise<number> {
  return new Promise((resolve, reject) => {
    const probe = createServer();
    probe.once('error', reject);
    probe.listen(0, '127.0.0.1', () => {
      const address = probe.address();
      if (typeof address !== 'object' || address === null) throw new Error('a TCP port has a number');
      probe.close(() => {
        resolve(address.port);
      });
    });
  });
}
