/**
 * Prints what arrives. An ordinary Lambda handler for SQS.
 *
 * @param {import('aws-lambda').SQSEvent} event
 * @param {import('aws-lambda').Context} context
 */
export async function handler(event, context) {
  for (const { messageId, body, attributes } of event.Records) {
    const group = attributes.MessageGroupId === undefined ? '' : `${attributes.MessageGroupId}: `;
    console.log(`  ${context.functionName}: ${group}${body} (message ${messageId}, try ${attributes.ApproximateReceiveCount})`);
  }
  return { batchItemFailures: [] };
}
