/** What may be asked of a service of AWS before anything depends on it. */

/** How a harmless try of one action came out. */
export type PermissionAnswer =
  /** The call was done, or refused only for what was made up on purpose. */
  | { readonly kind: 'allowed' }
  /** The service says that the caller may not. `message`: its words, without secrets. */
  | { readonly kind: 'denied'; readonly message: string }
  /** Nobody knows: the service was not reached, the thing is not there, or nothing harmless can be tried. */
  | { readonly kind: 'unknown'; readonly message: string };

/** One action that a mapping needs, and how it is tried without changing anything. */
export interface PermissionProbe {
  /** As policies name it, such as `sqs:ReceiveMessage`. */
  readonly action: string;
  /** What it is done to: an ARN, or the address that was configured. */
  readonly resource: string;
  /** Never rejects. */
  readonly probe: () => Promise<PermissionAnswer>;
}

/** What was found out of one action. */
export interface PermissionResult {
  readonly action: string;
  readonly resource: string;
  readonly answer: PermissionAnswer;
}

/** What was found out of all. */
export interface PermissionReport {
  readonly results: readonly PermissionResult[];
  /** Actions that were denied, each once for each resource. */
  readonly missing: readonly PermissionResult[];
  /** A statement for a policy that would allow what is missing; `undefined` when nothing is. */
  readonly statement: { readonly Effect: 'Allow'; readonly Action: readonly string[]; readonly Resource: readonly string[] } | undefined;
}
