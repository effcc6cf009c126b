/** Undoes what a run has set up, last first, once, however the run ends. */
export class CleanUp {
  #steps: (() => unknown)[] = [];
  /** Whether a signal ended the run: what fails from then on is its effect. */
  interrupted = false;

  /** @throws Error when the run is ending already: the step is done at once, and nothing more is to be set up */
  defer(step: () => unknown): void {
    this.#steps.push(step);
    if (!this.interrupted) return;
    void this.run();
    throw new Error('interrupted');
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
    const stop = (exitCode: number) => () => {
      if (this.interrupted) process.exit(exitCode);
      this.interrupted = true;
      void this.run().then(() => process.exit(exitCode));
    };
    process.on('SIGINT', stop(130));
    process.on('SIGTERM', stop(143));
  }
}
