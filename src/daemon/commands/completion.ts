import { Argument, type Command } from 'commander';
import { EXIT } from '../exit-code.ts';
import type { Tell } from './command.ts';
import { SCRIPTS, type Shell } from './completion-scripts.ts';
import { treeOf } from './completion-tree.ts';

const HELP = `
How to use it:
  bash  source <(millrace completion bash)       # in ~/.bashrc
  zsh   source <(millrace completion zsh)        # in ~/.zshrc, after compinit
  fish  millrace completion fish > ~/.config/fish/completions/millrace.fish

Exit codes: 0 printed; 2 wrong arguments.`;

/** Adds `millrace completion`; it knows the commands of `program`. */
export function addCompletion(program: Command, tell: Tell): void {
  program
    .command('completion')
    .description('print a script by which a shell completes commands, options and values')
    .addArgument(new Argument('<shell>', 'which shell').choices(Object.keys(SCRIPTS)))
    .addHelpText('after', HELP)
    .showHelpAfterError('(millrace completion --help shows what can be said)')
    .action((shell: Shell) => {
      tell(({ stdout }) => {
        stdout.write(SCRIPTS[shell](treeOf(program)));
        return Promise.resolve(EXIT.clean);
      });
    });
}
