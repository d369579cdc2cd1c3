import { describe, expect, it } from 'vitest';
import { SumWorld } from './window-world.ts';

const BALLAST = 'x'.repeat(1_048_576);

describe('a tumbling window of a lane', () => {
  // The final invocation without records was given up as too old: nothing, under an invocation record of no record.
  it('asks for a final invocation without records whatever the age limit, and gives up nothing', async () => {
    const world = await SumWorld.begun({ maximumRecordAgeInSeconds: 60 }, (_event, sum) => ({ state: { sum } }));
    world.send(1);
    await world.until(200);
    expect(world.calls).toEqual(['0 0+[1]', '0 1+[] final']);
    expect(world.events.filter(({ name }) => name === 'range.discarded')).toEqual([]);
    await world.stop();
  });

  // What was left of the batch found no window open.
  it('begins anew for the rest of a batch whose first records have filled it', async () => {
    let calls = 0;
    const world = await SumWorld.begun({ functionResponseTypes: ['ReportBatchItemFailures'] }, ({ Records, state }, sum) => {
      calls += 1;
      if (calls > 1) return { state: { sum } };
      const batchItemFailures = [{ itemIdentifier: Records[1]?.kinesis.sequenceNumber }];
      return { state: { sum: (state.sum ?? 0) + 1, ballast: BALLAST }, batchItemFailures };
    });
    world.send(1, 2, 3);
    await world.until(65);
    world.send(10);
    await world.until(70);
    expect(world.calls).toEqual(['0 0+[1 2 3]', '0 1+[] final early', '0 0+[2 3]', '0 5+[] final', '60 0+[10]']);
    await world.stop();
  });

  it('begins anew for the second half of a batch whose first half has filled it', async () => {
    let calls = 0;
    const world = await SumWorld.begun({ bisectBatchOnFunctionError: true }, (_event, sum) => {
      calls += 1;
      if (calls === 1) throw new Error('once');
      return { state: calls === 2 ? { sum, ballast: BALLAST } : { sum } };
    });
    world.send(1, 2, 3, 4);
    await world.until(65);
    world.send(10);
    await world.until(70);
    expect(world.calls).toEqual(['0 0+[1 2 3 4]', '0 0+[1 2]', '0 3+[] final early', '0 0+[3 4]', '0 7+[] final', '60 0+[10]']);
    await world.stop();
  });

  // A state of any size was kept, and stored.
  it('ends early also when the partial answer to its final invocation fills it', async () => {
    let calls = 0;
    const world = await SumWorld.begun({ functionResponseTypes: ['ReportBatchItemFailures'] }, ({ Records, state }, sum) => {
      calls += 1;
      if (calls !== 2) return { state: { sum } };
      const batchItemFailures = [{ itemIdentifier: Records[1]?.kinesis.sequenceNumber }];
      return { state: { sum: (state.sum ?? 0) + 2, ballast: BALLAST }, batchItemFailures };
    });
    world.send(1);
    await world.until(5);
    await world.stop();
    world.send(2, 3);
    await world.until(61);
    world.send(10);
    await world.until(62);
    world.renew();
    await world.start({ functionResponseTypes: ['ReportBatchItemFailures'] }, ({ Records, state }, sum) => {
      calls += 1;
      if (calls !== 2) return { state: { sum } };
      const batchItemFailures = [{ itemIdentifier: Records[1]?.kinesis.sequenceNumber }];
      return { state: { sum: (state.sum ?? 0) + 2, ballast: BALLAST }, batchItemFailures };
    });
    await world.until(80);
    expect(world.calls).toEqual(['0 0+[1]', '0 1+[2 3] final', '0 3+[] final early', '0 0+[3] final', '60 0+[10]']);
    await world.stop();
  });

  it.each([
    ['1,048,576 bytes are kept', 0, 'x', ['0 0+[1]', '0 1+[2]']],
    ['one byte more ends it', 1, 'x', ['0 0+[1]', '0 1+[] final early', '0 0+[2]']],
    ['1,048,576 bytes of two-byte letters are kept', 0, 'é', ['0 0+[1]', '0 1+[2]']],
    ['one byte more with two-byte letters ends it', 1, 'é', ['0 0+[1]', '0 1+[] final early', '0 0+[2]']],
    ['1,048,576 bytes of signs of four are kept', 0, '😀', ['0 0+[1]', '0 1+[2]']],
    ['one byte more with signs of four ends it', 1, '😀', ['0 0+[1]', '0 1+[] final early', '0 0+[2]']],
  ])('counts its state in bytes of JSON: %s', async (_name, beyond, sign, expected) => {
    const world = await SumWorld.begun({}, ({ Records, isFinalInvokeForWindow }, sum) => {
      const isFirst = Records.length > 0 && sum === 1;
      return { state: isFirst && !isFinalInvokeForWindow ? stateOf(sum, 1_048_576 + beyond, sign) : { sum } };
    });
    world.send(1);
    await world.until(5);
    world.send(2);
    await world.until(10);
    expect(world.calls).toEqual(expected);
    await world.stop();
  });
});

/** A state of exactly so many bytes. */
function stateOf(sum: number, bytes: number, sign: string): { readonly sum: number; readonly ballast: string } {
  const rest = bytes - Buffer.byteLength(JSON.stringify({ sum, ballast: '' }));
  const each = Buffer.byteLength(sign);
  const state = { sum, ballast: sign.repeat(Math.floor(rest / each)) + 'x'.repeat(rest % each) };
  if (Buffer.byteLength(JSON.stringify(state)) !== bytes) throw new Error('not as large as it is to be');
  return state;
}
