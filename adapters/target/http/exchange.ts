import type { Dispatcher } from 'undici';
import type { InvocationContext, Outcome } from '../../../src/index.ts';
import { onAbort } from '../../shared/abort.ts';
import { answerTooLarge } from '../../shared/function-error.ts';
import type { HttpHandler } from './client.ts';
import { emulatorOutcome, saysMore } from './emulator.ts';
import { noAnswer, notSent } from './errors.ts';
import { type AnswerHeaders, answerOf, refusal } from './outcome.ts';

/** How much of a body that nobody wants is read to keep its connection; a longer one costs the connection. */
const UNWANTED_BYTES = 131_072;

/** The part of an invocation's time in which a connection must have been found: one that never was sent is no slow function. */
const UNSENT_SHARE = 0.9;

/** What an exchange must know of its target. */
export interface ExchangeLimits {
  readonly origin: string;
  readonly maxResponseBytes: number;
  /** Whether the Runtime Interface Emulator answers. */
  readonly isEmulator: boolean;
}

/**
 * One request and its answer. The outcome is given once: by the status, by the whole body, by an error, or by the
 * signal, whichever comes first. `ended` resolves when the answer has been read whole or the request was given up.
 */
export class Exchange implements HttpHandler {
  readonly outcome: Promise<Outcome>;
  readonly ended: Promise<void>;
  readonly #limits: ExchangeLimits;
  #forgetAbort: () => void = ignore;
  #answer: (outcome: Outcome) => void = ignore;
  #end: () => void = ignore;
  #unsentTimer: NodeJS.Timeout | undefined;
  #over = false;
  #isWhole = false;
  #controller: Dispatcher.DispatchController | undefined;
  #status = 0;
  #headers: AnswerHeaders = {};
  /** `undefined` while the body is not wanted. */
  #chunks: Buffer[] | undefined;
  #bytes = 0;

  constructor(limits: ExchangeLimits, context: InvocationContext) {
    this.#limits = limits;
    this.outcome = new Promise((resolve) => {
      this.#answer = resolve;
    });
    this.ended = new Promise((resolve) => {
      this.#end = resolve;
    });
    this.#forgetAbort = onAbort(context, this.#onAbort);
  }

  /** False once nothing can come of it any more, so that it need not be sent. */
  isOpen(): boolean {
    return !this.#over;
  }

  /** Whether the answer was read to its end, so that its connection was not given up. */
  get isWhole(): boolean {
    return this.#isWhole;
  }

  /** Waits for a connection as long as it makes sense, with so much time left. */
  awaitConnection(leftMs: number): void {
    if (this.#over || this.#controller !== undefined) return;
    this.#unsentTimer = setTimeout(() => {
      this.finish(notSent(this.#limits.origin));
    }, leftMs * UNSENT_SHARE);
  }

  /** Ends it with an outcome that was found without an answer. */
  finish(outcome: Outcome): void {
    this.#answer(outcome);
    this.#over = true;
    this.#forgetAbort();
    clearTimeout(this.#unsentTimer);
    this.#end();
  }

  onRequestStart(controller: Dispatcher.DispatchController): void {
    this.#controller = controller;
    clearTimeout(this.#unsentTimer);
    // Its time ran out while it waited for a connection: nothing has been sent, and nothing will be.
    if (this.#over) controller.abort(new Error('given up'));
  }

  onResponseStart(controller: Dispatcher.DispatchController, status: number, headers: AnswerHeaders): void {
    if (status < 200) return;
    this.#status = status;
    this.#headers = headers;
    const { origin, isEmulator } = this.#limits;
    const refused = isEmulator && saysMore(status) ? undefined : refusal(status, headers, origin, Date.now());
    if (refused === undefined) this.#chunks = [];
    else this.#answer(refused);
    if (Number(headers['content-length'] ?? 0) > this.#maxBytes) this.#tooLong(controller);
  }

  onResponseData(controller: Dispatcher.DispatchController, chunk: Buffer): void {
    this.#bytes += chunk.length;
    if (this.#bytes > this.#maxBytes) this.#tooLong(controller);
    else this.#chunks?.push(chunk);
  }

  onResponseEnd(): void {
    this.#isWhole = true;
    // Where the status said it all, this answer is the second one and changes nothing.
    this.finish(this.#outcomeOf(textOf(this.#chunks ?? [])));
  }

  #outcomeOf(text: string): Outcome {
    const { origin, isEmulator } = this.#limits;
    const emulated = isEmulator ? emulatorOutcome(this.#status, text, origin) : undefined;
    return emulated ?? refusal(this.#status, this.#headers, origin, Date.now()) ?? answerOf(this.#status, this.#headers, text);
  }

  onResponseError(_controller: Dispatcher.DispatchController, error: Error): void {
    this.finish(noAnswer(error, this.#limits.origin));
  }

  get #maxBytes(): number {
    return this.#chunks === undefined ? UNWANTED_BYTES : this.#limits.maxResponseBytes;
  }

  #tooLong(controller: Dispatcher.DispatchController): void {
    this.#answer(answerTooLarge(this.#limits.maxResponseBytes));
    controller.abort(new Error('the answer is too long'));
  }

  readonly #onAbort = (): void => {
    this.#answer({ kind: 'timeout' });
    if (this.#controller === undefined) this.finish({ kind: 'timeout' });
    else this.#controller.abort(new Error('the deadline has passed'));
  };
}

function textOf(chunks: readonly Buffer[]): string {
  const [first] = chunks;
  return first !== undefined && chunks.length === 1 ? first.toString('utf8') : Buffer.concat(chunks).toString('utf8');
}

function ignore(): void {
  // Replaced before anybody calls it.
}
