import type { EngineEvents } from '../../../src/index.ts';
import type { InvocationFacts, Watcher } from '../facts.ts';
import type { Bench } from './bench.ts';
import { Breakers } from './breakers.ts';

/**
 * R9: while the breaker of a function is open nothing is received for it and nothing invoked, and while it is half-open one batch
 * at most. R11: it opens when the target does wrong, and only then.
 */
export function watchBreakers({ fail, now }: Bench): Watcher {
  const breakers = new Breakers<InvocationFacts>(fail, now);
  return {
    enabled: ({ mapping }) => {
      if (mapping.breakerFailures !== undefined) breakers.failures.set(mapping.functionName, mapping.breakerFailures);
    },
    event: ({ life, name, event }) => {
      if (name === 'breaker.state') breakers.changed(life, event as EngineEvents['breaker.state']);
    },
    receiveStarted: ({ life, mapping, request }) => {
      breakers.received(life, mapping.name, mapping.functionName, request);
    },
    receiveEnded: ({ life, mapping, request }) => {
      breakers.of(life, mapping.functionName).receives.delete(request);
    },
    invoked: (invocation) => {
      breakers.invoked(invocation.life, invocation.mapping.functionName, invocation);
    },
    answered: ({ invocation, kind, fault }) => {
      breakers.answered(invocation.life, invocation.mapping.functionName, invocation, kind, fault);
    },
  };
}
