import { createHash } from 'node:crypto';

/** The SHA-256 of a body as it comes, part by part. What comes after it was asked for is not counted, and does no harm. */
export class BodyHash {
  readonly #hash = createHash('sha256');
  #digest: string | undefined;

  add(part: Uint8Array): void {
    if (this.#digest === undefined) this.#hash.update(part);
  }

  /** In hexadecimal digits of lower case. */
  get hex(): string {
    this.#digest ??= this.#hash.digest('hex');
    return this.#digest;
  }
}
