/** The function under test: takes orders, refuses those without an amount, and says which ones failed. */
export const totals = new Map();

export async function handler(event) {
  const batchItemFailures = [];
  for (const { messageId, body } of event.Records) {
    const { customer, amount } = JSON.parse(body);
    if (typeof amount === 'number') totals.set(customer, (totals.get(customer) ?? 0) + amount);
    else batchItemFailures.push({ itemIdentifier: messageId });
  }
  return { batchItemFailures };
}
