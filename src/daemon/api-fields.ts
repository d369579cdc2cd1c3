import * as z from 'zod';

const whole = (most: number, what: string): z.ZodNumber =>
  z
    .number()
    .int()
    .min(1)
    .max(most)
    .describe(`a whole number from 1 to ${String(most)} (${what})`);
const file = (what: string): z.ZodString => z.string().min(1).describe(`the path of a file ${what}, from the folder of this file`);
const variable = (): z.ZodString =>
  z
    .string()
    .regex(/^[A-Za-z_]\w*$/)
    .describe('the name of an environment variable');
const secret = (): z.ZodString =>
  z.string().regex(SECRET_TEXT).describe('a text of 16 to 512 visible characters; better kept in a file or an environment variable');

/** What a secret looks like, wherever it comes from. */
export const SECRET_TEXT = /^[\x21-\x7e]{16,512}$/;

const ROLE = z.enum(['read', 'manage']).describe('read (may look: GET and HEAD) or manage (may do everything)');

const CREDENTIAL_FIELDS = z
  .strictObject({
    accessKeyId: z
      .string()
      .regex(/^[\w-]{3,128}$/)
      .describe('3 to 128 letters, digits, _ and -'),
    secretAccessKey: secret().optional(),
    secretAccessKeyFile: file('that holds it').optional(),
    secretAccessKeyEnv: variable().optional(),
    role: ROLE,
  })
  .describe('an object with accessKeyId, role, and secretAccessKey, secretAccessKeyFile or secretAccessKeyEnv');

const TOKEN_FIELDS = z
  .strictObject({
    token: secret().optional(),
    tokenFile: file('that holds it').optional(),
    tokenEnv: variable().optional(),
    role: ROLE,
  })
  .describe('an object with role, and token, tokenFile or tokenEnv');

/** Who may call the daemon, and how much. */
export const API_FIELDS = z
  .strictObject({
    credentials: z
      .array(CREDENTIAL_FIELDS)
      .min(1)
      .max(1000)
      .optional()
      .describe('a list of 1 to 1000 keys that requests of the Lambda API are signed with'),
    tokens: z.array(TOKEN_FIELDS).min(1).max(1000).optional().describe("a list of 1 to 1000 bearer tokens of the operator's pages"),
    tls: z
      .strictObject({ certificate: file('with the certificate and its chain in PEM'), key: file('with its private key in PEM') })
      .optional()
      .describe('an object with certificate and key'),
    rateLimit: z
      .strictObject({
        requestsPerSecond: whole(1_000_000, 'requests of one key, token or address; default 1000').optional(),
        burst: whole(1_000_000, 'requests at once; default twice requestsPerSecond').optional(),
      })
      .optional()
      .describe('an object with requestsPerSecond and burst'),
    maxConnections: whole(65_535, 'open connections; default 1024').optional(),
  })
  .describe('an object with credentials, tokens, tls, rateLimit and maxConnections');

/** The section, checked. */
export type ApiFields = z.output<typeof API_FIELDS>;
