import type { Command, Option } from 'commander';

/** What may stand behind an option. */
export type OptionValue =
  | { readonly kind: 'none' }
  | { readonly kind: 'file' }
  | { readonly kind: 'choice'; readonly choices: readonly string[] }
  | { readonly kind: 'other' };

/** An option of a command. */
export interface OptionNode {
  /** With its dashes. */
  readonly name: string;
  readonly description: string;
  readonly value: OptionValue;
}

/** A command, with the commands that lead to it. */
export interface CommandNode {
  /** Each name with a blank before it; empty for the program itself. */
  readonly path: string;
  readonly commands: readonly { readonly name: string; readonly description: string }[];
  readonly options: readonly OptionNode[];
  /** What the first argument may be, where that is known. */
  readonly choices: readonly string[];
}

/** All commands, the program itself first. */
export function treeOf(program: Command): readonly CommandNode[] {
  return nodesOf(program, '');
}

function nodesOf(command: Command, path: string): CommandNode[] {
  const help: OptionNode = { name: '--help', description: 'show what can be said', value: { kind: 'none' } };
  const [first] = command.registeredArguments;
  return [
    {
      path,
      commands: command.commands.map((one) => ({ name: one.name(), description: one.description() })),
      options: [...command.options.map(optionOf), help],
      choices: first?.argChoices ?? [],
    },
    ...command.commands.flatMap((one) => nodesOf(one, `${path} ${one.name()}`)),
  ];
}

function optionOf({ long, flags, description, argChoices }: Option): OptionNode {
  return { name: long ?? flags, description, value: valueOf(flags, argChoices) };
}

function valueOf(flags: string, choices: readonly string[] | undefined): OptionValue {
  if (choices !== undefined) return { kind: 'choice', choices };
  // Optional values are flags to people; what follows is the next word.
  if (!flags.includes('<')) return { kind: 'none' };
  return /[<|]file\b/.test(flags) ? { kind: 'file' } : { kind: 'other' };
}
