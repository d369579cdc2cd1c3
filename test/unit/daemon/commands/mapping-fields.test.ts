import { Readable } from 'node:stream';
import { describe, expect, test } from 'vitest';
import { readOptions, readRequest } from '../../../../src/daemon/commands/mapping-fields.ts';
import { CREATE, UPDATE } from '../../../../src/resource/index.ts';

describe('fields of a mapping as options', () => {
  test('are read by their shapes', () => {
    const given = {
      FunctionName: 'mill',
      BatchSize: '5',
      Enabled: true,
      BisectBatchOnFunctionError: 'false',
      FunctionResponseTypes: 'ReportBatchItemFailures',
      Topics: 'a,b',
      StartingPositionTimestamp: '2026-01-31T09:30:00Z',
      ScalingConfig: 'MaximumConcurrency=5',
      FilterCriteria: '{"Filters":[{"Pattern":"{}"}]}',
      Tags: 'team=mill',
    };
    expect(readOptions(CREATE, given)).toEqual({
      FunctionName: 'mill',
      BatchSize: 5,
      Enabled: true,
      BisectBatchOnFunctionError: false,
      FunctionResponseTypes: ['ReportBatchItemFailures'],
      Topics: ['a', 'b'],
      StartingPositionTimestamp: Date.UTC(2026, 0, 31, 9, 30) / 1000,
      ScalingConfig: { MaximumConcurrency: 5 },
      FilterCriteria: { Filters: [{ Pattern: '{}' }] },
      Tags: { team: 'mill' },
    });
  });

  test.each([
    [{ BatchSize: 'many' }, /--BatchSize: must be a whole number, but is the text "many"/],
    [{ Enabled: 'yes' }, /--Enabled: must be true or false/],
    [{ StartingPositionTimestamp: 'yesterday' }, /--StartingPositionTimestamp: must be epoch seconds/],
    [{ FilterCriteria: '{' }, /--FilterCriteria: must be JSON/],
    [{ ScalingConfig: '{"MaximumConcurency":5}' }, /--ScalingConfig\.MaximumConcurency: .*did you mean MaximumConcurrency\?/],
    [{ ScalingConfig: 'MaximumConcurrency=five' }, /--ScalingConfig: MaximumConcurrency must be a whole number/],
  ])('that cannot be read are refused: %j', (given, reason) => {
    expect(() => readOptions(CREATE, given)).toThrow(reason);
  });
});

describe('a request in a file', () => {
  test('comes from standard input by -', async () => {
    expect(await readRequest(UPDATE, '-', Readable.from(['{"BatchSize":', '7}']))).toEqual({ BatchSize: 7 });
  });

  test.each([
    ['{"BatchSze":7}', /--json\.BatchSze: .*did you mean BatchSize\?/],
    ['[1]', /--json: must hold a JSON object/],
  ])('is refused with what the API would pass over in silence: %s', async (text, reason) => {
    await expect(readRequest(UPDATE, '-', Readable.from([text]))).rejects.toThrow(reason);
  });

  test('that is not there is told with what to name', async () => {
    await expect(readRequest(UPDATE, 'nowhere.json', Readable.from([]))).rejects.toThrow(
      /--json: "nowhere\.json" cannot be read \(ENOENT\)/,
    );
  });
});
