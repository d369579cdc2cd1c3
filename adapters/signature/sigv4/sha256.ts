import { createHash, createHmac } from 'node:crypto';

type SourceData = string | ArrayBuffer | ArrayBufferView;

/** What hashes and HMACs of Node have in common. */
interface Digester {
  update(data: Uint8Array): unknown;
  digest(): Buffer;
}

/** SHA-256, or with a key its HMAC, by Node's own. */
export class Sha256 {
  readonly #secret: SourceData | undefined;
  #hash: Digester;

  constructor(secret?: SourceData) {
    this.#secret = secret;
    this.#hash = begun(secret);
  }

  update(data: Uint8Array): void {
    this.#hash.update(data);
  }

  digest(): Promise<Uint8Array> {
    return Promise.resolve(new Uint8Array(this.#hash.digest()));
  }

  reset(): void {
    this.#hash = begun(this.#secret);
  }
}

function begun(secret: SourceData | undefined): Digester {
  return secret === undefined ? createHash('sha256') : createHmac('sha256', bytesOf(secret));
}

function bytesOf(data: SourceData): Uint8Array | string {
  if (typeof data === 'string') return data;
  return ArrayBuffer.isView(data) ? new Uint8Array(data.buffer, data.byteOffset, data.byteLength) : new Uint8Array(data);
}
