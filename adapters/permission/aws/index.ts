/**
 * What the AWS adapters may and may not do, tried without changing anything: the door.
 *
 * - actions.ts  the actions that each adapter needs
 * - tries.ts    how each action is tried
 * - probes.ts   the tries for one resource
 */
export { AWS_ACTIONS, type AwsUse } from './actions.ts';
export { type AwsResource, type AwsSend, awsProbes } from './probes.ts';
