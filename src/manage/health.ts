import { Readable } from 'node:stream';
import type { FastifyInstance } from 'fastify';
import type { MappingExplanation } from '../contract/index.ts';
import { describeWait, type Mapping } from '../mapping/index.ts';
import type { ManageParts } from './types.ts';

/** Why a mapping does not work. */
interface NotReady {
  readonly mapping: string;
  readonly state: string;
  readonly waits: readonly string[];
}

/** Adds what tells how things are. */
export function addHealth(server: FastifyInstance, parts: ManageParts): void {
  const { meter, mappings, phase, findings = () => [], unopened = () => [] } = parts;
  server.get('/healthz', () => ({ status: 'alive' }));
  server.get('/readyz', (_request, reply) => {
    const waiting = [...mappings().flatMap((mapping) => notReady(mapping, parts)), ...unopened().flatMap((one) => notMade(one, parts))];
    const found = findings();
    const isStuck = found.some(({ severity }) => severity === 'stuck');
    const isReady = phase() === 'running' && waiting.length === 0 && !isStuck;
    const status = { status: isReady ? 'ready' : 'not ready', phase: phase() };
    // Strangers may know that it is not ready; names and reasons are on pages that ask for a token.
    const reasons = parts.security?.access === undefined ? { waiting, ...(found.length === 0 ? {} : { findings: found }) } : {};
    return reply.code(isReady ? 200 : 503).send({ ...status, ...reasons });
  });
  server.get('/metrics', (_request, reply) => reply.type(meter.contentType).send(Readable.from(meter.pieces())));
  server.get('/mappings', () => ({
    mappings: [
      ...mappings().map((mapping) => ({
        id: mapping.id,
        name: mapping.name,
        eventSource: mapping.sourceLabel,
        ...(mapping.lastProcessingResult === undefined ? undefined : { lastProcessingResult: mapping.lastProcessingResult }),
        functionName: mapping.functionName,
        state: mapping.state,
        inFlight: mapping.inFlight,
        waits: waitsOf(mapping, parts),
      })),
      ...unopened().map(({ id, name, eventSource, functionName, state, inFlight, waits }) => ({
        id,
        name,
        eventSource,
        functionName,
        state,
        inFlight,
        waits: waits.map(({ part, text }) => `${part}: ${text}`),
      })),
    ],
  }));
}

function notMade({ name, state, waits }: MappingExplanation, { disabled }: ManageParts): NotReady[] {
  return disabled.has(name) ? [] : [{ mapping: name, state, waits: waits.map(({ part, text }) => `${part}: ${text}`) }];
}

function notReady(mapping: Mapping, parts: ManageParts): NotReady[] {
  if (parts.disabled.has(mapping.name)) return [];
  const isHeldUp = mapping.waits().some(({ reason }) => reason.kind === 'breaker');
  if (mapping.state === 'Enabled' && mapping.problem === undefined && !isHeldUp) return [];
  return [{ mapping: mapping.name, state: mapping.state, waits: waitsOf(mapping, parts) }];
}

function waitsOf(mapping: Mapping, { clock }: ManageParts): string[] {
  const now = clock.monotonic();
  return mapping.waits().map((wait) => describeWait(wait, now));
}
