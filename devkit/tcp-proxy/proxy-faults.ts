/** What is wrong with the network at the moment. It holds for connections that are open as for new ones. */
export interface ProxyFaults {
  /** Each way. */
  readonly latencyMs: number;
  /** Takes every byte, and every end, and gives nothing on: a partition without an answer. */
  readonly blackhole: boolean;
  /** Gives everything on to the server, and nothing of what it answers: what was asked is done, and nobody learns of it. */
  readonly muteAnswers: boolean;
  /** Ends new connections with RST, as a host without a listener does; open ones go on. */
  readonly refuse: boolean;
  /** Ends a connection with RST once so many bytes, both ways together, have passed; `null`: never. */
  readonly limitBytes: number | null;
}

export const NO_FAULTS: ProxyFaults = { latencyMs: 0, blackhole: false, muteAnswers: false, refuse: false, limitBytes: null };
