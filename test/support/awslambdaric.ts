/** AWS's own Lambda runtime for Python, installed once into the ignored cache, as the back ends are. */
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { isCi } from './backends/backend.ts';
import { commandOutput, runCommand } from './backends/command.ts';
import { ensureInstalled, isInstalled } from './backends/install.ts';
import { configRoot, logRoot } from './backends/paths.ts';
import { say } from './backends/progress.ts';

const requirementsFile = join(configRoot, 'awslambdaric-requirements.txt');
const logFile = join(logRoot, 'awslambdaric-install.log');

/** The Python that has the runtime, or why there is none. */
export type PythonRuntime = { readonly python: string } | { readonly skipped: string };

/** Installs the runtime if it is not there yet. Where Python is missing, tests are skipped; in continuous integration they fail. */
export async function awslambdaric(): Promise<PythonRuntime> {
  const installation = { name: 'awslambdaric', recipe: readFileSync(requirementsFile, 'utf8'), proof: join('bin', 'python') };
  if (!(await isInstalled(installation)) && (await commandOutput('python3', ['-c', 'import venv, ensurepip'])) === undefined) {
    const skipped = 'needs python3 and its venv: apt-get install python3 python3-venv';
    if (isCi()) throw new Error(`Python functions: ${skipped}`);
    return { skipped };
  }
  const directory = await ensureInstalled({ ...installation, install, say });
  return { python: join(directory, 'bin', 'python') };
}

async function install(directory: string): Promise<void> {
  // The folder is moved later: only bin/python goes with it, not the scripts that name it, and only bin/python is used.
  await runCommand('python3', ['-m', 'venv', directory], { logFile });
  const pip = ['-m', 'pip', 'install', '--no-input', '--disable-pip-version-check', '--progress-bar', 'off'];
  // The wheels of awslambdaric carry its native client; without one for this machine a C++ compiler would have to make it.
  await runCommand(join(directory, 'bin', 'python'), [...pip, '--prefer-binary', '-r', requirementsFile], { logFile });
}
