/**
 * Weighs readings. An ordinary Lambda handler for Kinesis: one reading without a weight fails its whole batch, before anything
 * of the batch is weighed.
 *
 * @param {import('aws-lambda').KinesisStreamEvent} event
 */
export async function handler(event) {
  const readings = event.Records.map(({ kinesis: { partitionKey, data } }) => ({
    wheel: partitionKey,
    ...JSON.parse(Buffer.from(data, 'base64').toString()),
  }));
  const count = `a batch of ${String(readings.length)}`;
  const poison = readings.find(({ kilos }) => kilos === undefined);
  if (poison !== undefined) {
    console.log(`  scale: ${count} fails, reading ${String(poison.reading)} of ${poison.wheel} has no weight`);
    throw new Error('a reading without a weight');
  }
  console.log(`  scale: ${count}`);
  for (const { wheel, reading, kilos } of readings) console.log(`  scale:   ${wheel} reading ${String(reading)}: ${String(kilos)} kg`);
  return { batchItemFailures: [] };
}
