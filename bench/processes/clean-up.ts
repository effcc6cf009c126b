/** Undoes what a run has set up, last first, once, however the run ends. */
export class CleanUp {
  #steps: (() => unknown)[] = [];

  defer(step: () => unknown): void {
    this.#steps.push(step);
  }

  async run(): Promise<void> {
    const steps = this.#steps.toReversed();
    this.#steps = [];
    for (const step of steps) {
      try {
        await step();
      } catch (error) {
        process.stderr.write(`bench: cleaning up: ${String(error)}\n`);
      }
    }
  }

  /** Ctrl-C and SIGTERM clean up first; a second one does not wait. */
  onSignals(): void {
    let stopping = false;
    const stop = (exitCode: number) => () => {
      if (stopping) process.exit(exitCode);
      stopping = true;
      void this.run().then(() => process.exit(exitCode));
    };
    process.on('SIGINT', stop(130));
    process.on('SIGTERM', stop(143));
  }
}
