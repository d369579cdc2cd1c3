/** Where secrets are: a text names one, a resolver reads it. */

/**
 * Reads secrets when they are needed, so that none stands in a configuration.
 *
 * Who retries: the caller. Nothing is kept: a secret that was changed is read as it is now.
 */
export interface SecretResolver {
  /**
   * The secret's parts by name, such as `username` and `password`. `uri` is not secret, and errors name it; they never hold a part.
   * Throws a SourceError: `not-found` when there is no such secret, `denied` when it may not be read, `invalid` when the text names no
   * secret that can be read here or what it holds is not understood, `unavailable` and `throttled` when it is worth another try.
   */
  resolve(uri: string): Promise<Readonly<Record<string, string>>>;
}
