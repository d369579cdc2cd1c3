import * as fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { Heap } from '../../../src/kit/index.ts';

const numbers = (): Heap<number> => new Heap((a, b) => a < b);

describe('a heap', () => {
  it('gives out what was put in, least first, however pushes and pops are mixed', () => {
    fc.assert(
      fc.property(fc.array(fc.option(fc.integer(), { nil: undefined, freq: 3 })), (steps) => {
        const heap = numbers();
        const model: number[] = [];
        for (const step of steps) {
          if (step === undefined) expect(heap.pop()).toBe(model.shift());
          else {
            heap.push(step);
            model.push(step);
            model.sort((a, b) => a - b);
          }
          expect(heap.size).toBe(model.length);
          expect(heap.peek()).toBe(model[0]);
        }
        while (model.length > 0) expect(heap.pop()).toBe(model.shift());
        expect(heap.pop()).toBeUndefined();
      }),
    );
  });

  it('says nothing when it is empty', () => {
    expect(numbers().peek()).toBeUndefined();
    expect(numbers().pop()).toBeUndefined();
  });
});
