import type { CommandNode, OptionNode } from './completion-tree.ts';

/** What a script is made of. */
type Tree = readonly CommandNode[];

/** Scripts by shell. Names and choices have letters, digits and `-`, `_`, `.` only; descriptions are quoted. */
export const SCRIPTS = { bash, zsh, fish } as const;

/** One of {@link SCRIPTS}. */
export type Shell = keyof typeof SCRIPTS;

/** The commands that may be named, each as it is compared: the ones before it, and itself. */
function pathsOf(tree: Tree): string[] {
  return tree.map(({ path }) => path).filter((path) => path !== '');
}

function quoted(text: string): string {
  return `'${text.replaceAll("'", String.raw`'\''`)}'`;
}

function pattern(texts: readonly string[]): string {
  return texts.map((text) => `"${text}"`).join('|');
}

interface ValueCase {
  readonly of: string;
  readonly option: OptionNode;
}

function withValues(tree: Tree): ValueCase[] {
  return tree.flatMap(({ path, options }) =>
    options.filter(({ value }) => value.kind !== 'none').map((option) => ({ of: `${path} ${option.name}`, option })),
  );
}

/** The cases of a shell for what stands behind options; files and free values are told together. */
function valueCases(tree: Tree, say: { files: string; choices: (choices: readonly string[]) => string; free: string }): string[] {
  const all = withValues(tree);
  const files = all.filter(({ option }) => option.value.kind === 'file').map(({ of }) => of);
  const free = all.filter(({ option }) => option.value.kind === 'other').map(({ of }) => of);
  const chosen = new Map<string, string[]>();
  for (const { of, option } of all) {
    if (option.value.kind !== 'choice') continue;
    const answer = say.choices(option.value.choices);
    chosen.set(answer, [...(chosen.get(answer) ?? []), of]);
  }
  return [
    ...(files.length === 0 ? [] : [`${pattern(files)}) ${say.files} ;;`]),
    ...[...chosen].map(([answer, options]) => `${pattern(options)}) ${answer} ;;`),
    ...(free.length === 0 ? [] : [`${pattern(free)}) ${say.free} ;;`]),
  ];
}

function wordsOf({ commands, options, choices }: CommandNode): string[] {
  return [...commands.map(({ name }) => name), ...choices, ...options.map(({ name }) => name)];
}

function lines(indent: string, texts: readonly string[]): string {
  return texts.map((text) => `${indent}${text}\n`).join('');
}

function bash(tree: Tree): string {
  const values = valueCases(tree, {
    files: 'COMPREPLY=($(compgen -f -- "$cur")); return',
    choices: (choices) => `COMPREPLY=($(compgen -W "${choices.join(' ')}" -- "$cur")); return`,
    free: 'return',
  });
  const words = tree.map((node) => `"${node.path}") words="${wordsOf(node).join(' ')}" ;;`);
  return `# Completion of millrace for bash: source <(millrace completion bash)
_millrace() {
  local cur="\${COMP_WORDS[COMP_CWORD]}" prev="\${COMP_WORDS[COMP_CWORD - 1]}" at="" words="" i
  COMPREPLY=()
  for ((i = 1; i < COMP_CWORD; i++)); do
    case "$at \${COMP_WORDS[i]}" in
      ${pattern(pathsOf(tree))}) at="$at \${COMP_WORDS[i]}" ;;
    esac
  done
  case "$at $prev" in
${lines('    ', values)}  esac
  case "$at" in
${lines('    ', words)}  esac
  COMPREPLY=($(compgen -W "$words" -- "$cur"))
}
complete -o default -F _millrace millrace
`;
}

function zsh(tree: Tree): string {
  const values = valueCases(tree, {
    files: '_files; return',
    choices: (choices) => `compadd -- ${choices.join(' ')}; return`,
    free: 'return',
  });
  const words = tree.map((node) => {
    const described = [
      ...node.commands.map(({ name, description }) => [name, description]),
      ...node.choices.map((name) => [name, '']),
      ...node.options.map(({ name, description }) => [name, description]),
    ];
    const items = described.map(([name = '', description = '']) => quoted(description === '' ? name : `${name}:${description}`));
    return `"${node.path}") said=(${items.join(' ')}) ;;`;
  });
  return `#compdef millrace
# Completion of millrace for zsh: source <(millrace completion zsh)
_millrace() {
  local at="" i
  local -a said
  for ((i = 2; i < CURRENT; i++)); do
    case "$at \${words[i]}" in
      ${pattern(pathsOf(tree))}) at="$at \${words[i]}" ;;
    esac
  done
  case "$at \${words[CURRENT - 1]}" in
${lines('    ', values)}  esac
  case "$at" in
${lines('    ', words)}  esac
  _describe millrace said
}
if [ "\${funcstack[1]}" = "_millrace" ]; then _millrace "$@"; else compdef _millrace millrace; fi
`;
}

function fish(tree: Tree): string {
  const where = (path: string): string => `-n "__millrace_at '${path}'"`;
  const text = (of: string): string => `'${of.replaceAll('\\', '\\\\').replaceAll("'", "\\'")}'`;
  const rules = tree.flatMap(({ path, commands, options, choices }) => [
    ...commands.map(({ name, description }) => `complete -c millrace ${where(path)} -a ${name} -d ${text(description)}`),
    ...(choices.length === 0 ? [] : [`complete -c millrace ${where(path)} -a '${choices.join(' ')}'`]),
    ...options.map(({ name, description, value }) => {
      const argument = {
        none: '',
        file: ' -r -F',
        other: ' -x',
        choice: ` -x -a '${value.kind === 'choice' ? value.choices.join(' ') : ''}'`,
      };
      return `complete -c millrace ${where(path)} -l ${name.slice(2)}${argument[value.kind]} -d ${text(description)}`;
    }),
  ]);
  const paths = pathsOf(tree).map((path) => `'${path}'`);
  return `# Completion of millrace for fish: millrace completion fish > ~/.config/fish/completions/millrace.fish
function __millrace_at
    set -l at ''
    set -l words (commandline -opc)
    for word in $words[2..-1]
        switch "$at $word"
            case ${paths.join(' ')}
                set at "$at $word"
        end
    end
    test "$at" = "$argv[1]"
end
complete -c millrace -f
${lines('', rules)}`;
}
