/** How long the event loop of the process is held up: by code that computes without a pause, or by a machine that is too busy. */
export interface EventLoopMonitor {
  /** The longest delay since it was asked last, ms. */
  delayMs(): number;
  /** Ends measuring. Idempotent. */
  stop(): void;
}
