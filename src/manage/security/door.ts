import type { FastifyReply, FastifyRequest } from 'fastify';
import type { Clock, Meter } from '../../contract/index.ts';
import { guard } from '../guard.ts';
import { Refusal } from '../refusal.ts';
import { type Access, allows } from './access.ts';
import { tokenOf } from './bearer.ts';
import { BodyHash } from './body-hash.ts';
import { RateLimit, type RateLimitOptions } from './rate-limit.ts';
import { checkPath, type Headers, headersOf } from './request-head.ts';
import { mismatch, readClaim, SERVICE, type SignatureClaim } from './signature-claim.ts';
import { checkBodyHash, queryOf } from './signed-request.ts';
import { pathOf, refuseWith, type Surface, surfaceOf } from './surface.ts';

/** What the door of the server is made with. */
export interface SecurityParts {
  /** Without it, who calls by a loopback name may do everything. */
  readonly access?: Access | undefined;
  readonly rateLimit: RateLimitOptions;
  readonly clock: Clock;
  readonly meter: Meter;
}

/** A signature that is right as far as it can be told without the body, and the hash of the body as it comes. */
interface Pending {
  readonly claim: SignatureClaim;
  readonly bodyHash: BodyHash;
}

const REFUSALS = 'millrace_api_refusals';
const REFUSALS_HELP = 'Requests that were refused before anything was done for them, by the name of the refusal';

/** Decides about each request: who asks, whether it may, and whether it asks too fast. */
export class Door {
  readonly #parts: SecurityParts;
  readonly #rate: RateLimit;
  #access: Access | undefined;
  readonly #pending = new WeakMap<FastifyRequest, Pending>();

  constructor(parts: SecurityParts) {
    this.#parts = parts;
    this.#access = parts.access;
    this.#rate = new RateLimit(parts.clock, parts.rateLimit);
  }

  /** Asks for other credentials from now on. Where nobody was asked, nobody is. */
  renew(access: Access): void {
    if (this.#access !== undefined) this.#access = access;
  }

  /** What can be told from the head of a request: whether it may go on. Answers it when it may not. */
  enter(request: FastifyRequest, reply: FastifyReply): boolean {
    const surface = surfaceOf(request);
    return this.#decide(request, reply, surface, () => {
      checkPath(request);
      const caller = this.#callerOf(request, surface, headersOf(request));
      if (caller !== undefined) this.#takeTurn(caller);
    });
  }

  /** What has to be given each part of the body; undefined when nobody asks for its hash. */
  bodyHashOf(request: FastifyRequest): BodyHash | undefined {
    return this.#pending.get(request)?.bodyHash;
  }

  /** What can only be told when the body is there: whether the request may go on. Answers it when it may not. */
  async verify(request: FastifyRequest, reply: FastifyReply): Promise<boolean> {
    const pending = this.#pending.get(request);
    const access = this.#access;
    if (pending === undefined || access === undefined) return true;
    const { claim } = pending;
    const bodySha256 = pending.bodyHash.hex;
    const { method, raw } = request;
    const { headers, signedAt, key, signature } = claim;
    const isRight = await access.verifier.verify(
      {
        method,
        path: pathOf(request),
        query: queryOf(raw.url ?? ''),
        headers,
        bodySha256,
        signedAt,
        region: access.region,
        service: SERVICE,
      },
      key,
      signature,
    );
    return this.#decide(request, reply, 'lambda', () => {
      checkBodyHash(headers, bodySha256);
      if (!isRight) throw mismatch();
      if (!allows(key.role, method)) {
        const message = `User: ${key.accessKeyId} is not authorized to perform: ${method} ${pathOf(request)}; its role is read, and this takes manage`;
        throw new Refusal(403, 'AccessDeniedException', message.slice(0, 500));
      }
      this.#takeTurn(`key ${key.accessKeyId}`);
    });
  }

  /** Whose turn is taken; undefined while that is not certain. */
  #callerOf(request: FastifyRequest, surface: Surface, headers: Headers): string | undefined {
    const { clock } = this.#parts;
    const access = this.#access;
    const { method, ip } = request;
    if (access === undefined) {
      guard(request);
      return `${surface === 'open' ? 'health' : 'address'} ${ip}`;
    }
    if (surface === 'open') return `health ${ip}`;
    if (surface === 'pages') {
      const token = tokenOf(headers.get('authorization')?.[0], access.tokens);
      if (!allows(token.role, method)) {
        throw new Refusal(403, 'Forbidden', `the role of this token is read, and ${method} takes manage`);
      }
      return `token ${String(access.tokens.indexOf(token))}`;
    }
    queryOf(request.raw.url ?? '');
    const claim = readClaim(headers, { keys: access.keys, region: access.region, now: clock.wall() });
    this.#pending.set(request, { claim, bodyHash: new BodyHash() });
    return undefined;
  }

  #decide(request: FastifyRequest, reply: FastifyReply, surface: Surface, check: () => void): boolean {
    try {
      check();
      return true;
    } catch (error) {
      if (!(error instanceof Refusal)) throw error;
      // Who is refused takes a turn of its address, so that guessing is no faster than asking.
      const waitMs = error instanceof TooFast ? 0 : this.#rate.take(`refused ${request.ip}`);
      const refusal = waitMs === 0 ? error : new TooFast(waitMs);
      this.#parts.meter.counter(REFUSALS, REFUSALS_HELP, { reason: refusal.code }).add(1);
      refuse(reply, surface, refusal);
      return false;
    }
  }

  #takeTurn(caller: string): void {
    const waitMs = this.#rate.take(caller);
    if (waitMs > 0) throw new TooFast(waitMs);
  }
}

/** A caller that asks faster than it may. */
class TooFast extends Refusal {
  readonly waitMs: number;

  constructor(waitMs: number) {
    super(429, 'TooManyRequests', 'Rate exceeded');
    this.waitMs = waitMs;
  }
}

function refuse(reply: FastifyReply, surface: Surface, refusal: Refusal): void {
  const { statusCode, code, message } = refusal;
  const headers = {
    ...(statusCode === 401 ? { 'www-authenticate': 'Bearer realm="millrace"' } : {}),
    ...(refusal instanceof TooFast ? { 'retry-after': String(Math.ceil(refusal.waitMs / 1000)) } : {}),
  };
  void refuseWith(reply, surface, { statusCode, code, message, headers });
}
