/** How bad it is: an `error` will not work, a `warning` will not do what it seems to, a `note` is worth knowing. */
export type Severity = 'error' | 'warning' | 'note';

/** One thing that was found. */
export interface LintFinding {
  readonly severity: Severity;
  /** The mapping's name; `undefined`: it is of no mapping. */
  readonly mapping: string | undefined;
  /** Where it stands in the configuration. */
  readonly field: string;
  readonly message: string;
  /** What to do about it. */
  readonly fix: string;
}

/** Takes what is found of one mapping. `field`: behind the mapping's own place; one that begins with a `/` is a place of its own. */
export type Find = (severity: Severity, field: string, message: string, fix: string) => void;

/** Finds for one mapping, which stands at `at`. */
export function finder(list: LintFinding[], mapping: string | undefined, at: string): Find {
  return (severity, field, message, fix) => {
    const place = field.startsWith('/') ? field.slice(1) : `${at}.${field}`;
    list.push({ severity, mapping, field: place, message, fix });
  };
}

/** A time as people say it. */
export function timeText(seconds: number): string {
  if (seconds >= 172_800) return `${String(Math.round(seconds / 86_400))} days`;
  if (seconds >= 7200) return `${String(Math.round(seconds / 3600))} h`;
  return seconds >= 120 ? `${String(Math.round(seconds / 60))} min` : `${String(Math.round(seconds * 1000) / 1000)} s`;
}
