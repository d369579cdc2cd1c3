/** Amazon resource names: `arn:partition:service:region:account:resource`. */

/** The parts of an ARN. `resource` is all that follows the fifth colon. */
export interface AwsArn {
  readonly partition: string;
  readonly service: string;
  readonly region: string;
  readonly account: string;
  readonly resource: string;
}

const ARN = /^arn:([a-z][a-z0-9-]*):([a-z0-9-]+):([a-z0-9-]*):(\d{12}|):(.+)$/s;

/** The parts; `undefined` when the text is no ARN. */
export function parseArn(text: string): AwsArn | undefined {
  const [, partition, service, region, account, resource] = ARN.exec(text) ?? [];
  if (partition === undefined || service === undefined || region === undefined) return undefined;
  if (account === undefined || resource === undefined) return undefined;
  return { partition, service, region, account, resource };
}
