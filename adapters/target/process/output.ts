/** One line that a process has printed. */
export interface OutputLine {
  readonly text: string;
  /** Bytes of this line that were left out, because it is longer than a line may be. */
  readonly cutBytes: number;
}

/** The longest line that is kept, bytes. */
const LINE_BYTES = 65_536;
const NEWLINE = 10;

/**
 * Cuts what a process prints into lines. Never holds more than one line's worth, however much comes without a line break:
 * what is too long loses its end, and tells how much.
 */
export class LineSplitter {
  readonly #onLine: (line: OutputLine) => void;
  #parts: Buffer[] = [];
  #bytes = 0;
  #cutBytes = 0;

  constructor(onLine: (line: OutputLine) => void) {
    this.#onLine = onLine;
  }

  push(chunk: Buffer): void {
    let from = 0;
    for (let at = chunk.indexOf(NEWLINE); at >= 0; at = chunk.indexOf(NEWLINE, from)) {
      this.#keep(chunk.subarray(from, at));
      this.#emit();
      from = at + 1;
    }
    if (from < chunk.length) this.#keep(chunk.subarray(from));
  }

  /** Gives what came without a line break behind it. */
  flush(): void {
    if (this.#bytes > 0) this.#emit();
  }

  #keep(part: Buffer): void {
    const room = LINE_BYTES - this.#bytes;
    const kept = part.length <= room ? part : part.subarray(0, room);
    this.#cutBytes += part.length - kept.length;
    if (kept.length === 0) return;
    // A copy: a part would keep its whole chunk alive.
    this.#parts.push(Buffer.from(kept));
    this.#bytes += kept.length;
  }

  #emit(): void {
    const bytes = this.#parts.length === 1 ? this.#parts[0] : Buffer.concat(this.#parts);
    const text = (bytes ?? Buffer.alloc(0)).toString('utf8').replace(/\r$/, '');
    const line = { text, cutBytes: this.#cutBytes };
    this.#parts = [];
    this.#bytes = 0;
    this.#cutBytes = 0;
    this.#onLine(line);
  }
}
