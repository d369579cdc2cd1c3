import type { Secret } from '../../kit/index.ts';

/** What a caller may do: look (GET, HEAD), or everything. */
export type Role = 'read' | 'manage';

/** A key that requests of the Lambda API are signed with. */
export interface AccessKey {
  readonly accessKeyId: string;
  readonly secretAccessKey: Secret;
  readonly role: Role;
}

/** A bearer token of the operator's pages. */
export interface AccessToken {
  readonly token: Secret;
  readonly role: Role;
}

/** A request as its caller signed it. */
export interface SignedRequest {
  readonly method: string;
  /** As it came, percent-encoded, without the query. */
  readonly path: string;
  /** Decoded; each name with all its values. */
  readonly query: Readonly<Record<string, readonly string[]>>;
  /** The signed headers and no others, by their names in lower case. */
  readonly headers: Readonly<Record<string, string>>;
  /** Of the body as it came, in hexadecimal digits of lower case. */
  readonly bodySha256: string;
  /** When it was signed, epoch ms. */
  readonly signedAt: number;
  /** The region it was signed for. */
  readonly region: string;
  /** The service it was signed for. */
  readonly service: string;
}

/** Port: signs a request once more by Signature Version 4, as its caller should have. */
export interface RequestVerifier {
  /**
   * Whether this key gives this signature (64 hexadecimal digits in lower case). The time that the comparison takes tells
   * nothing about where they differ. Never rejects for what a caller sent.
   */
  verify(request: SignedRequest, key: AccessKey, signature: string): Promise<boolean>;
}

/** Who may ask. With it, nobody is let in without a proof, but to what tells whether the process lives. */
export interface Access {
  readonly keys: readonly AccessKey[];
  readonly tokens: readonly AccessToken[];
  /** The region that requests are signed for. */
  readonly region: string;
  readonly verifier: RequestVerifier;
}

/** Whether a role is enough for requests by this method. */
export function allows(role: Role, method: string): boolean {
  return role === 'manage' || method === 'GET' || method === 'HEAD';
}
