import type { ReceiveRequest } from '../../../src/index.ts';
import type { InvocationFacts, MappingFacts, Watcher } from '../facts.ts';
import type { Life } from '../life.ts';
import type { Bench } from './bench.ts';

const PAYLOAD_BYTES_MAX = 6_291_456;

interface Receive {
  readonly life: Life;
  readonly mapping: MappingFacts;
  readonly startedAt: number;
  /** Its window closed before it was answered, so the batch went without it. */
  isOverhang: boolean;
}

/** R3: concurrency, batch size, bytes and window. R9: nothing is received that has no slot to run in. */
export function watchLimits({ fail, now }: Bench): Watcher {
  const running = new Set<InvocationFacts>();
  const receives = new Map<ReceiveRequest, Receive>();
  /** When each receipt handle came. */
  const arrivals = new Map<string, number>();

  /** Open receives and invocations of some mappings; a receive may hang over from the collection of a batch that runs. */
  const inUse = (life: Life, isMeant: (mapping: MappingFacts) => boolean): { invocations: number; credits: number } => {
    const invocations = [...running].filter((one) => one.life === life && isMeant(one.mapping));
    const open = [...receives.values()].filter((one) => one.life === life && isMeant(one.mapping));
    return { invocations: invocations.length, credits: invocations.length + open.filter(({ isOverhang }) => !isOverhang).length };
  };
  const check = (life: Life, mapping: MappingFacts): void => {
    const own = inUse(life, ({ name }) => name === mapping.name);
    const all = inUse(life, ({ functionName }) => functionName === mapping.functionName);
    const total = mapping.accountConcurrency === undefined ? undefined : inUse(life, () => true);
    if (total !== undefined && total.invocations > (mapping.accountConcurrency ?? 0))
      fail('R3', `all functions together run ${String(total.invocations)} invocations, ${String(mapping.accountConcurrency)} may run`);
    if (total !== undefined && total.credits > (mapping.accountConcurrency ?? 0))
      fail('R9', `${mapping.name} receives with ${String(total.credits)} credits in use, ${String(mapping.accountConcurrency)} may be`);
    const { maximumConcurrency = Number.POSITIVE_INFINITY, reserved = Number.POSITIVE_INFINITY } = mapping;
    if (own.invocations > maximumConcurrency)
      fail('R3', `${mapping.name} runs ${String(own.invocations)} invocations, MaximumConcurrency is ${String(maximumConcurrency)}`);
    if (all.invocations > reserved)
      fail('R3', `${mapping.functionName} runs ${String(all.invocations)} invocations, reserved are ${String(reserved)}`);
    if (own.credits > maximumConcurrency || all.credits > reserved) {
      fail(
        'R9',
        `${mapping.name} receives with ${String(own.credits)} credits in use, ${mapping.functionName} with ${String(all.credits)}`,
      );
    }
  };
  const forget = (invocation: InvocationFacts): void => {
    running.delete(invocation);
  };

  return {
    receiveStarted: ({ life, mapping, request }) => {
      receives.set(request, { life, mapping, startedAt: now(), isOverhang: false });
      check(life, mapping);
      if (request.max > Math.min(10, mapping.batchSize))
        fail('R9', `${mapping.name} asks for ${String(request.max)}, BatchSize is ${String(mapping.batchSize)}`);
    },
    receiveEnded: ({ request, messages }) => {
      receives.delete(request);
      for (const { receiptHandle } of messages) arrivals.set(receiptHandle, now());
    },
    invoked: (invocation) => {
      const { mapping, records, bytes } = invocation;
      running.add(invocation);
      if (mapping.windowMs > 0 && records.length < mapping.batchSize) hangOver(invocation, receives, arrivals);
      check(invocation.life, mapping);
      if (records.length === 0 || records.length > mapping.batchSize)
        fail('R3', `a batch of ${String(records.length)}, BatchSize is ${String(mapping.batchSize)}`);
      if (bytes > PAYLOAD_BYTES_MAX) fail('R3', `an event of ${String(bytes)} bytes`);
    },
    ended: ({ invocation }) => {
      forget(invocation);
    },
    event: ({ life, name, event }) => {
      if (name === 'handler.abandoned') {
        const { requestId } = event as { requestId: string };
        for (const one of running) if (one.life === life && one.requestId === requestId) forget(one);
      }
    },
    crashed: ({ life }) => {
      for (const one of [...running]) if (one.life === life) running.delete(one);
      for (const [request, one] of [...receives]) if (one.life === life) receives.delete(request);
    },
  };
}

/**
 * A batch went before the receive was answered that was to fill it. Which of several that is cannot be seen from
 * outside, so every one that could be counts.
 */
function hangOver(
  { life, mapping, records, startedAt }: InvocationFacts,
  receives: ReadonlyMap<ReceiveRequest, Receive>,
  arrivals: ReadonlyMap<string, number>,
): void {
  // It may have waited since its window ended, as for a breaker.
  const since = Math.min(startedAt - mapping.windowMs, ...records.map(({ receiptHandle }) => arrivals.get(receiptHandle) ?? startedAt));
  for (const [{ max }, receive] of receives) {
    const isOfBatch = receive.life === life && receive.mapping === mapping && receive.startedAt >= since;
    if (isOfBatch && max <= mapping.batchSize - records.length) receive.isOverhang = true;
  }
}
