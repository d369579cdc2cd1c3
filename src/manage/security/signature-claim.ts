import { Refusal } from '../refusal.ts';
import type { AccessKey } from './access.ts';
import type { Headers } from './request-head.ts';

/** What a caller says about its signature, as far as that can be told without the body. */
export interface SignatureClaim {
  readonly key: AccessKey;
  /** When it was signed, epoch ms. */
  readonly signedAt: number;
  /** The signed headers, by their names in lower case. */
  readonly headers: Readonly<Record<string, string>>;
  readonly signature: string;
}

/** What a claim is held against. */
export interface ClaimRules {
  readonly keys: readonly AccessKey[];
  readonly region: string;
  /** The wall clock, epoch ms. */
  readonly now: number;
}

/** The service that requests of the Lambda API are signed for. */
export const SERVICE = 'lambda';

/** How far the clocks of two machines may be apart. */
const SKEW_MINUTES = 5;
const SKEW_MS = SKEW_MINUTES * 60_000;

const ALGORITHM = 'AWS4-HMAC-SHA256';
const TERMINATOR = 'aws4_request';
const PARAMETERS = ['Credential', 'SignedHeaders', 'Signature'] as const;
const BASIC_DATE = /^(\d{4})(\d\d)(\d\d)T(\d\d)(\d\d)(\d\d)Z$/;

/**
 * Reads what a caller says about its signature, and refuses in AWS's words what is wrong before anything is computed: the
 * form, the key, the region and service, the time, and what is signed. Throws a {@link Refusal}.
 */
export function readClaim(headers: Headers, rules: ClaimRules): SignatureClaim {
  const authorization = headers.get('authorization')?.[0];
  if (authorization === undefined || authorization === '') denied('MissingAuthenticationTokenException', 'Missing Authentication Token');
  const { Credential, SignedHeaders, Signature } = parametersOf(authorization);
  const [accessKeyId = '', ...scope] = Credential.split('/');
  const date = headers.get('x-amz-date')?.[0];
  if (date === undefined) {
    incomplete("Authorization header requires existence of either a 'X-Amz-Date' or a 'Date' header (here: 'X-Amz-Date').");
  }
  const signedAt = instantOf(date);
  checkScope(scope, date, rules.region);
  const key = rules.keys.find((one) => one.accessKeyId === accessKeyId);
  // Keys that are configured have no session: a token of one belongs to another key.
  if (key === undefined || headers.has('x-amz-security-token')) {
    denied('UnrecognizedClientException', 'The security token included in the request is invalid.');
  }
  checkTime(date, signedAt, rules.now);
  if (!/^[\da-f]{64}$/.test(Signature)) invalid(MISMATCH);
  return { key, signedAt, headers: signedHeaders(SignedHeaders.split(';'), headers), signature: Signature };
}

const MISMATCH =
  'The request signature we calculated does not match the signature you provided. Check your AWS Secret Access Key and signing method. ' +
  'Consult the service documentation for details.';

/** The answer to a signature that the key does not give. */
export function mismatch(): Refusal {
  return new Refusal(403, 'InvalidSignatureException', MISMATCH);
}

function parametersOf(authorization: string): Record<(typeof PARAMETERS)[number], string> {
  if (!authorization.startsWith(`${ALGORITHM} `)) {
    incomplete(`the Authorization header must begin with ${ALGORITHM}: requests are signed by Signature Version 4 in this header`);
  }
  const found = new Map<string, string>();
  for (const part of authorization.slice(ALGORITHM.length).split(',')) {
    const [name = '', value = ''] = part.trim().split(/=(.*)/s, 2);
    if (found.has(name)) incomplete(`the Authorization header has '${name.slice(0, 20)}' more than once`);
    found.set(name, value);
  }
  const missing = PARAMETERS.filter((name) => (found.get(name) ?? '') === '');
  if (missing.length > 0) incomplete(missing.map((name) => `Authorization header requires '${name}' parameter.`).join(' '));
  const of = (name: (typeof PARAMETERS)[number]): string => found.get(name) ?? '';
  return { Credential: of('Credential'), SignedHeaders: of('SignedHeaders'), Signature: of('Signature') };
}

function instantOf(date: string): number {
  const instant = Date.parse(date.replace(BASIC_DATE, '$1-$2-$3T$4:$5:$6Z'));
  if (!BASIC_DATE.test(date) || Number.isNaN(instant)) incomplete("Date must be in ISO-8601 'basic format', such as 20260131T093000Z.");
  return instant;
}

function checkScope(scope: readonly string[], date: string, region: string): void {
  const [day, scopeRegion, service, terminator] = scope;
  if (scope.length !== 4) {
    incomplete(
      `Credential must have exactly 5 slash-delimited elements, e.g. keyid/date/region/service/term, got ${String(scope.length + 1)}`,
    );
  }
  const wrong = [
    ...(scopeRegion === region ? [] : [`Credential should be scoped to a valid region, which is '${region}' here.`]),
    ...(service === SERVICE ? [] : [`Credential should be scoped to correct service: '${SERVICE}'.`]),
    ...(terminator === TERMINATOR ? [] : [`Credential should be scoped with a valid terminator: '${TERMINATOR}'.`]),
    ...(day === date.slice(0, 8) ? [] : ['Date in Credential scope does not match YYYYMMDD from ISO-8601 version of date from HTTP.']),
  ];
  if (wrong.length > 0) invalid(wrong.join(' '));
}

function checkTime(date: string, signedAt: number, now: number): void {
  const bound = `(${basic(now)} ${signedAt < now ? '-' : '+'} ${String(SKEW_MINUTES)} min.)`;
  if (signedAt < now - SKEW_MS) invalid(`Signature expired: ${date} is now earlier than ${basic(now - SKEW_MS)} ${bound}`);
  if (signedAt > now + SKEW_MS) invalid(`Signature not yet current: ${date} is still later than ${basic(now + SKEW_MS)} ${bound}`);
}

/** An instant as signatures write it. */
function basic(instant: number): string {
  return new Date(instant).toISOString().replace(/\.\d+/, '').replaceAll(/[-:]/g, '');
}

function signedHeaders(names: readonly string[], headers: Headers): Record<string, string> {
  if (!names.includes('host')) invalid("'Host' or ':authority' must be a 'SignedHeader' in the AWS Authorization.");
  // What is not signed may have been added on the way, and AWS's own headers change what a request means.
  const loose = [...headers.keys()].filter((name) => name.startsWith('x-amz-') && !names.includes(name));
  if (loose.length > 0) invalid(`There were headers present in the request which were not signed: ${loose.join(', ').slice(0, 200)}`);
  const signed: Record<string, string> = {};
  for (const name of names) {
    const values = headers.get(name);
    if (values?.length !== 1 || Object.hasOwn(signed, name)) {
      invalid('SignedHeaders must name headers of the request, in lower case, each of them once, and none that came more than once.');
    }
    Object.defineProperty(signed, name, { value: values[0], enumerable: true });
  }
  return signed;
}

function denied(code: string, message: string): never {
  throw new Refusal(403, code, message);
}

function incomplete(message: string): never {
  denied('IncompleteSignatureException', message);
}

function invalid(message: string): never {
  denied('InvalidSignatureException', message);
}
