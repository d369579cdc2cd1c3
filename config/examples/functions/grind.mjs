/**
 * Grinds what was ordered. An ordinary Lambda handler for Kafka that says which orders it could not handle, so that the others are done.
 *
 * @param {import('aws-lambda').SelfManagedKafkaEvent} event
 */
export async function handler(event) {
  const failed = [];
  for (const [partition, records] of Object.entries(event.records)) {
    console.log(`  grind: ${String(records.length)} of ${partition}`);
    for (const { key, value, offset } of records) {
      const { order, flour } = JSON.parse(Buffer.from(value, 'base64').toString());
      if (flour === undefined) {
        console.log(`  grind:   order ${String(order)} says no flour`);
        failed.push({ itemIdentifier: { partition, offset } });
        break;
      }
      console.log(`  grind:   order ${String(order)} of ${Buffer.from(key ?? '', 'base64').toString()}: ${flour}`);
    }
  }
  return { batchItemFailures: failed };
}

/**
 * Prints what was given up: on the on-failure topic each record lies with what went wrong.
 *
 * @param {import('aws-lambda').SelfManagedKafkaEvent} event
 */
export async function failed(event) {
  for (const { value } of Object.values(event.records).flat()) {
    const { requestContext, KafkaBatchInfo } = JSON.parse(Buffer.from(value, 'base64').toString());
    console.log(`  failed: offset ${KafkaBatchInfo.recordInfo.offset}: ${requestContext.condition}`);
  }
}
