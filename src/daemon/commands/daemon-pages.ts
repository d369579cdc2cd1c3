import type { Clock } from '../../contract/index.ts';
import { CommandFailure } from './command.ts';
import { type DaemonPlace, notRunning } from './daemon-place.ts';

/** An answer of the daemon, whatever it says. */
export interface PageAnswer {
  readonly status: number;
  readonly text: string;
  /** Seconds of `Retry-After`. */
  readonly retryAfterSeconds: number | undefined;
}

/** How long an answer may take, ms. */
const TIMEOUT_MS = 30_000;

/** The pages of a running daemon. */
export class DaemonPages {
  readonly #place: DaemonPlace;
  readonly #clock: Clock;

  constructor(place: DaemonPlace, clock: Clock) {
    this.#place = place;
    this.#clock = clock;
  }

  /** Asks for a page, or posts a body to it. Throws a CommandFailure when nobody answers. */
  async ask(path: string, body?: string): Promise<PageAnswer> {
    const { endpoint, token } = this.#place;
    const abort = new AbortController();
    const cancel = this.#clock.timer(TIMEOUT_MS, () => {
      abort.abort();
    });
    try {
      const response = await fetch(`${endpoint}${path}`, {
        method: body === undefined ? 'GET' : 'POST',
        headers: token === undefined ? {} : { authorization: `Bearer ${token}` },
        signal: abort.signal,
        ...(body === undefined ? {} : { body }),
      });
      const after = Number(response.headers.get('retry-after') ?? Number.NaN);
      return { status: response.status, text: await response.text(), retryAfterSeconds: Number.isFinite(after) ? after : undefined };
    } catch (error) {
      if (abort.signal.aborted) throw new CommandFailure(`the daemon at ${endpoint} did not answer within ${String(TIMEOUT_MS / 1000)} s`);
      throw new CommandFailure(notRunning(endpoint, codeOf(error)), { cause: error });
    } finally {
      cancel();
    }
  }

  /** The JSON of a page. Throws a CommandFailure for every other answer. */
  async read(path: string): Promise<unknown> {
    const answer = await this.ask(path);
    if (answer.status !== 200) throw refused(answer);
    return JSON.parse(answer.text) as unknown;
  }
}

/** What the daemon says of a request that it does not take. */
export function refused({ status, text }: PageAnswer): CommandFailure {
  const { error = `HTTP ${String(status)}`, message = text.slice(0, 300) } = parsed(text);
  const hint = status === 401 || status === 403 ? '; give the bearer token in MILLRACE_TOKEN' : '';
  return new CommandFailure(`${error}: ${message}${hint}`);
}

function parsed(text: string): { readonly error?: string; readonly message?: string } {
  try {
    const value = JSON.parse(text) as unknown;
    return typeof value === 'object' && value !== null ? value : {};
  } catch {
    return {};
  }
}

function codeOf(error: unknown): string {
  const { cause, message } = error as { readonly cause?: { readonly code?: string; readonly message?: string }; readonly message?: string };
  return cause?.code ?? cause?.message ?? message ?? 'unknown';
}
