import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import type { Sabotage } from './sabotages.ts';
import { Workshop } from './workshop.ts';

const SEEDS = 40;

/** Ways to hang one part of the engine that nobody but its own watchdog would notice soon. */
const HANGS: readonly (Sabotage & { readonly kind: 'queues' | 'streams'; readonly finding: string })[] = [
  {
    kind: 'streams',
    name: 'a lane is not woken when records come',
    file: 'src/mapping/lane-queue.ts',
    find: 'changed?.resolve();',
    replace: 'void changed;',
    rules: ['R11'],
    finding: 'stuck',
  },
  {
    kind: 'queues',
    name: 'a credit is not handed on',
    file: 'src/invoke/concurrency-ledger.ts',
    find: 'waiter(this.#grant(line.share));',
    replace: 'void waiter;',
    rules: ['R11'],
    finding: 'not-woken',
  },
  {
    kind: 'streams',
    name: 'a retry is not made',
    file: 'src/mapping/stream-lane.ts',
    find: 'if (range.notBefore > clock.monotonic() && !(await sleep(clock, range.notBefore - clock.monotonic(), stopping))) return;',
    replace: 'if (range.notBefore > clock.monotonic() && !(await sleep(clock, 86_400_000, stopping))) return;',
    rules: ['R11'],
    finding: 'overdue',
  },
];

const workshops = { queues: new Workshop('queues'), streams: new Workshop('streams') };

beforeAll(() => {
  for (const workshop of Object.values(workshops)) workshop.open();
}, 240_000);

afterAll(() => {
  for (const workshop of Object.values(workshops)) workshop.close();
});

describe("the engine's own watchdog", () => {
  it.for(HANGS)('speaks when $name', ({ kind, finding, ...sabotage }) => {
    const workshop = workshops[kind];
    expect(workshop.simulate(workshop.build(sabotage), SEEDS)).toMatch(new RegExp(`breaks R11 .*the watchdog finds ${finding}:`));
  });

  it.for(['queues', 'streams'] as const)('is silent in healthy worlds of %s, whatever goes wrong around the engine', (kind) => {
    const workshop = workshops[kind];
    expect(workshop.simulate(workshop.sound, SEEDS)).toContain(`${String(SEEDS)} passed, 0 failed`);
  });
});
