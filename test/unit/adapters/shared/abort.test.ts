import { getEventListeners } from 'node:events';
import { expect, test } from 'vitest';
import { hasAborted, onAbort } from '../../../../adapters/shared/abort.ts';
import type { InvocationContext } from '../../../../src/index.ts';
import { invocationContext } from '../../../conformance/target-suite.ts';

/** As a user's own engine may give it: with nothing but a signal. */
function withSignal(): { readonly context: InvocationContext; readonly abort: () => void } {
  const controller = new AbortController();
  return {
    context: invocationContext(controller.signal),
    abort: () => {
      controller.abort();
    },
  };
}

test('where there is only a signal it is listened to, once, and let go', () => {
  const { context, abort } = withSignal();
  const heard: string[] = [];
  onAbort(context, () => heard.push('forgotten'))();
  onAbort(context, () => heard.push('abort'));
  expect(hasAborted(context)).toBe(false);
  expect(getEventListeners(context.signal, 'abort')).toHaveLength(1);
  abort();
  expect(heard).toEqual(['abort']);
});

test('who comes late hears it at once', () => {
  const { context, abort } = withSignal();
  abort();
  const heard: string[] = [];
  onAbort(context, () => heard.push('late'))();
  expect([heard, hasAborted(context)]).toEqual([['late'], true]);
});
