/**
 * Mills orders. An ordinary Lambda handler for SQS: what it names in batchItemFailures comes back, the rest is done.
 *
 * @param {import('aws-lambda').SQSEvent} event
 * @returns {Promise<import('aws-lambda').SQSBatchResponse>}
 */
export async function handler(event) {
  const count = event.Records.length;
  console.log(`  mill: a batch of ${String(count)} ${count === 1 ? 'order' : 'orders'}`);
  const batchItemFailures = [];
  for (const { messageId, body, attributes } of event.Records) {
    try {
      console.log(`  mill:   ${await mill(body)}`);
    } catch (error) {
      const reason = error instanceof Error ? error.message : String(error);
      console.log(`  mill:   cannot handle ${body}: ${reason} (try ${attributes.ApproximateReceiveCount}); it goes back to the queue`);
      batchItemFailures.push({ itemIdentifier: messageId });
    }
  }
  return { batchItemFailures };
}

/** @param {string} body */
async function mill(body) {
  const { order, item, kilos } = JSON.parse(body);
  if (item === 'poison') throw new Error('an order of poison');
  return `order ${String(order)}: ${kilos === undefined ? '' : `${String(kilos)} kg of `}${String(item)} milled`;
}
