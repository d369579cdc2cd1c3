/** Where progress goes: the error stream, so that a command's output stays clean. */
export function say(line: string): void {
  process.stderr.write(`[backends] ${line}\n`);
}

/** Counts steps and says so now and then: at most one line per interval. */
export function progressOf(label: string, total: number | undefined, tell: (line: string) => void = say, intervalMs = 3_000): () => void {
  let done = 0;
  let toldAt = Date.now();
  return () => {
    done += 1;
    if (Date.now() - toldAt < intervalMs) return;
    toldAt = Date.now();
    tell(`${label}: ${String(done)}${total === undefined ? '' : ` of ${String(total)}`}`);
  };
}
