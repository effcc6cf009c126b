import type { VaultFault, VaultKnobs, VaultOperation } from './vault-knobs.js';

/** Which calls the fault of the moment meets: a share of those for the named operations, spread evenly and not by chance. */
export class FaultSchedule {
  private calls = 0;

  faultFor(operation: VaultOperation, { fault, operations, share }: VaultKnobs): VaultFault | null {
    if (fault === null || operations?.includes(operation) === false) return null;
    this.calls += 1;
    return metAmong(this.calls, share) > metAmong(this.calls - 1, share) ? fault : null;
  }
}

/** Ten times 0.3 is three: the small number makes up for what binary fractions lose. */
function metAmong(calls: number, share: number): number {
  return Math.floor(calls * share + 1e-9);
}
