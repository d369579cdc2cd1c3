/** What the process answers with. */
export const EXIT = {
  /** Stopped by a signal: drained, or at the deadline with the rest released. */
  clean: 0,
  /** Failed: it could not listen, or an error that nobody caught. */
  failed: 1,
  /** The command line or the configuration is wrong; nothing was started. */
  refused: 2,
  /** Ended at once by a second signal. */
  ended: 130,
} as const;

/** One of {@link EXIT}. */
export type ExitCode = (typeof EXIT)[keyof typeof EXIT];
