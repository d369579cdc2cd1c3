import { type ChildProcess, spawn } from 'node:child_process';
import type { Writable } from 'node:stream';

/**
 * Reads `+ GROUP` and `- GROUP`, a line each. Once nobody is left who could write more, it kills every group that it still knows.
 */
const SCRIPT = `
groups=' '
while read -r sign group; do
  case "$sign$groups" in
    +*) groups="$groups$group " ;;
    -*" $group "*) groups="\${groups%% $group *} \${groups#* $group }" ;;
  esac
done
for group in $groups; do kill -9 "-$group"; done
`;

/**
 * A shell beside this process that kills its groups when it is gone, however that came: a program that hangs or works would
 * notice nothing. There is one while there are groups; where there is no shell, nothing is guarded.
 */
export class Guard {
  readonly #groups = new Set<number>();
  #shell: ChildProcess | undefined;

  /** The groups that end with this process. */
  get groups(): ReadonlySet<number> {
    return this.#groups;
  }

  add(group: number): void {
    this.#groups.add(group);
    if (this.#shell === undefined) this.#start();
    else this.#say(`+ ${String(group)}\n`);
  }

  /** The group is gone, and its number may be another's soon. */
  remove(group: number): void {
    if (!this.#groups.delete(group)) return;
    this.#say(`- ${String(group)}\n`);
    if (this.#groups.size > 0) return;
    this.#shell?.stdin?.end();
    this.#shell = undefined;
  }

  #start(): void {
    // A session of its own: what ends this process at a terminal shall not end the shell first.
    const shell = spawn('/bin/sh', ['-c', SCRIPT], { cwd: '/', env: {}, detached: true, stdio: ['pipe', 'ignore', 'ignore'] });
    this.#shell = shell;
    const forget = (): void => {
      if (this.#shell === shell) this.#shell = undefined;
    };
    shell.on('error', forget).on('exit', forget).unref();
    // It is a socket, whatever its type says.
    const stdin = shell.stdin as (Writable & { unref(): unknown }) | null;
    stdin?.on('error', forget).unref();
    for (const group of this.#groups) this.#say(`+ ${String(group)}\n`);
  }

  #say(line: string): void {
    this.#shell?.stdin?.write(line);
  }
}
