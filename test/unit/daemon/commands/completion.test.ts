import { execFileSync } from 'node:child_process';
import { Command } from 'commander';
import { describe, expect, test } from 'vitest';
import { SCRIPTS } from '../../../../src/daemon/commands/completion-scripts.ts';
import { treeOf } from '../../../../src/daemon/commands/completion-tree.ts';
import { addCommands, addStart } from '../../../../src/daemon/commands/index.ts';

function program(): Command {
  const millrace = new Command('millrace');
  addStart(millrace, () => undefined);
  addCommands(millrace, () => undefined);
  return millrace;
}

const tree = treeOf(program());

/** What bash offers for the last of these words. */
function offered(...words: readonly string[]): string[] {
  const list = ['millrace', ...words].map((word) => `'${word}'`).join(' ');
  const script = `${SCRIPTS.bash(tree)}
COMP_WORDS=(${list}); COMP_CWORD=${String(words.length)}; _millrace; printf '%s\\n' "\${COMPREPLY[@]}"`;
  return execFileSync('bash', ['-c', script], { encoding: 'utf8' }).trim().split('\n');
}

describe('the completion script of bash', () => {
  test('is a script of bash', () => {
    expect(() => execFileSync('bash', ['-n'], { input: SCRIPTS.bash(tree) })).not.toThrow();
  });

  test('offers commands, their commands, options, choices and files', () => {
    expect(offered('')).toEqual(expect.arrayContaining(['start', 'check', 'mapping', 'send', 'filter', 'completion']));
    expect(offered('mapping', 'e')).toEqual(['explain', 'enable']);
    expect(offered('mapping', 'create', '--Batch')).toEqual(['--BatchSize']);
    expect(offered('mapping', 'create', '--StartingPosition', 'T')).toEqual(['TRIM_HORIZON']);
    expect(offered('send', 's')).toEqual(['stream']);
    expect(offered('start', '--config', 'package.js')).toContain('package.json');
  });

  test('knows every command and every option', () => {
    for (const { path, commands, options } of tree) {
      const words = path.split(' ').filter((word) => word !== '');
      expect(offered(...words, '')).toEqual(
        expect.arrayContaining([...commands.map(({ name }) => name), ...options.map(({ name }) => name)]),
      );
    }
  });
});

describe.each(['zsh', 'fish'] as const)('the completion script of %s', (shell) => {
  test('names every command and every option', () => {
    const script = SCRIPTS[shell](tree);
    for (const { path, options } of tree) {
      expect(script).toContain(shell === 'zsh' ? `"${path}"` : `__millrace_at '${path}'`);
      for (const { name } of options) expect(script).toContain(shell === 'zsh' ? name : `-l ${name.slice(2)}`);
    }
  });

  test('quotes what people read', () => {
    const own = new Command('millrace');
    own.command('try').description("don't \\ `break`");
    expect(SCRIPTS[shell](treeOf(own))).toContain(
      shell === 'zsh' ? String.raw`'try:don'\''t \ ${'`'}break${'`'}'` : String.raw`'don\'t \\ ${'`'}break${'`'}'`,
    );
  });
});
