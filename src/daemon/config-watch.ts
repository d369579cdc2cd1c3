import { delimiter } from 'node:path';
import type { Clock } from '../contract/index.ts';
import type { DaemonConfig } from './config.ts';
import { watchFiles } from './file-watch.ts';
import type { Narrator } from './narrator.ts';
import { apiFiles } from './open-api.ts';
import type { Reloads } from './reloads.ts';

/** What files are watched with. */
export interface ConfigWatchParts {
  readonly clock: Clock;
  readonly narrator: Narrator;
  /** Asked when a file changes. */
  readonly reloads: Reloads;
}

/** Watches the files of a configuration, and those that it names for the API. Where they cannot be watched that is told, and SIGHUP is left. */
export class ConfigWatch {
  readonly #parts: ConfigWatchParts;
  #watched = '';
  #unwatch = (): void => undefined;

  constructor(parts: ConfigWatchParts) {
    this.#parts = parts;
  }

  /** The configuration was just read: what changes from now on is asked for. */
  begin(config: DaemonConfig): void {
    try {
      this.#watch(config);
    } catch (error) {
      this.#parts.narrator.crash(error, 'the files of the configuration cannot be watched: send SIGHUP when they change');
    }
  }

  /** The configuration was taken over, and may have other files. */
  follow(config: DaemonConfig): void {
    const { narrator, reloads } = this.#parts;
    try {
      // What changed in them before they were watched.
      if (this.#watch(config)) reloads.ask();
    } catch (error) {
      narrator.crash(error, 'the new configuration was taken over, but not all of its files can be watched: send SIGHUP when they change');
    }
  }

  /** Idempotent. */
  end(): void {
    this.#unwatch();
  }

  /** Whether the files are others than before. */
  #watch({ file, api }: DaemonConfig): boolean {
    const { clock, reloads } = this.#parts;
    if (file === undefined) return false;
    const files = [...file.split(delimiter), ...apiFiles(api)];
    if (files.join(delimiter) === this.#watched) return false;
    const unwatch = watchFiles(files, clock, () => {
      reloads.ask();
    });
    this.#unwatch();
    this.#unwatch = unwatch;
    this.#watched = files.join(delimiter);
    return true;
  }
}
