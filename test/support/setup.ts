/** Before every test file: what Node only warns about is a failure of the test during which it happened. */
import { setImmediate as turn } from 'node:timers/promises';
import { afterAll, afterEach } from 'vitest';

// The notice is about the Node that runs the tests, not about them. Children that a test starts inherit it.
process.env['AWS_SDK_JS_NODE_VERSION_SUPPORT_WARNING_DISABLED'] = 'true';

const heard: string[] = [];

const onWarning = (warning: Error): void => {
  heard.push(warning.stack ?? `${warning.name}: ${warning.message}`);
};
const onUnhandled = (reason: unknown): void => {
  heard.push(`unhandled rejection: ${reason instanceof Error ? (reason.stack ?? reason.message) : String(reason)}`);
};

process.on('warning', onWarning);
process.on('unhandledRejection', onUnhandled);

async function failOnWhatWasHeard(): Promise<void> {
  // Node emits both a turn after their cause.
  await turn();
  if (heard.length === 0) return;
  throw new Error(heard.splice(0).join('\n'));
}

afterEach(failOnWhatWasHeard);

afterAll(async () => {
  await failOnWhatWasHeard().finally(() => {
    process.off('warning', onWarning);
    process.off('unhandledRejection', onUnhandled);
  });
});
