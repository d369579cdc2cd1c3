#!/usr/bin/env node
/** The command `millrace`: the daemon joined with the adapters. */
import { createRequire } from 'node:module';
import process from 'node:process';
import { runDaemon } from '../src/daemon/index.ts';
import { catalog } from './catalog.ts';

/**
 * How long functions may keep the process alive once Millrace has stopped, ms. Handlers that did not stop and
 * connections that a module opened would otherwise keep it for ever.
 */
const LINGER_MS = 1000;

const { version } = createRequire(import.meta.url)('millrace/package.json') as { readonly version: string };

process.exitCode = await runDaemon({ ...catalog, version }, process.argv.slice(2));

// Not waited for: without anything left, the process has ended before.
setTimeout(() => {
  process.stderr.write('millrace: a function still keeps something open (a handler, a timer, a connection); the process ends without it\n');
  process.exit();
}, LINGER_MS).unref();
