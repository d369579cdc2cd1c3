/** What is known of the tumbling windows of a shard (spec b.4, d.8). */

/** A window that is open. Instants are epoch ms. */
export interface OpenWindow {
  readonly start: number;
  /** The first instant behind it. */
  readonly end: number;
  /** What the last invocation returned, as JSON text. */
  readonly state: string;
}

/** What is stored of a shard's windows, with its position in one write. */
export interface StoredWindow {
  readonly open: OpenWindow | undefined;
  /** No window begins before this instant: the end of the last one that was closed. */
  readonly notBefore: number | undefined;
}
