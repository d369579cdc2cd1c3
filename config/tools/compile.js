/**
 * Compiles one TypeScript entry and all that it imports, for scripts that are more than a test: Node 20 runs no `.ts`.
 *
 *   node config/tools/compile.js ENTRY FOLDER
 *
 * `test/x/run.ts` becomes `FOLDER/test/x/run.js`. What has not changed since the last time is not compiled again. The
 * compiled files lie elsewhere than their sources, so they find files of the repository from the working directory.
 */
import { join, resolve } from 'node:path';
import process from 'node:process';
import ts from 'typescript';

const root = resolve(import.meta.dirname, '../..');

/**
 * @param {string} entry
 * @param {string} folder
 * @returns {readonly ts.Diagnostic[]} what stands in the way
 */
function compile(entry, folder) {
  /** @type {ts.Diagnostic[]} */
  const fatal = [];
  const parsed = ts.getParsedCommandLineOfConfigFile(
    join(root, 'tsconfig.json'),
    {
      outDir: folder,
      declaration: false,
      declarationMap: false,
      noEmitOnError: true,
      incremental: true,
      tsBuildInfoFile: join(folder, 'compiled.tsbuildinfo'),
    },
    { ...ts.sys, onUnRecoverableConfigFileDiagnostic: (found) => void fatal.push(found) },
  );
  if (parsed === undefined) return fatal;
  const { options, errors } = parsed;
  const program = ts.createIncrementalProgram({
    rootNames: [entry],
    options,
    configFileParsingDiagnostics: errors,
    host: ts.createIncrementalCompilerHost(options),
  });
  const found = [
    ...program.getConfigFileParsingDiagnostics(),
    ...program.getOptionsDiagnostics(),
    ...program.getSyntacticDiagnostics(),
    ...program.getGlobalDiagnostics(),
    ...program.getSemanticDiagnostics(),
  ];
  return found.length > 0 ? found : program.emit().diagnostics;
}

const [entry, folder] = process.argv.slice(2);
if (entry === undefined || folder === undefined) {
  process.stderr.write('usage: node config/tools/compile.js ENTRY FOLDER\n');
  process.exit(2);
}
const diagnostics = compile(resolve(root, entry), resolve(root, folder));
if (diagnostics.length > 0) {
  const host = { getCanonicalFileName: (/** @type {string} */ name) => name, getCurrentDirectory: () => root, getNewLine: () => '\n' };
  process.stderr.write(ts.formatDiagnostics(diagnostics, host));
  process.exitCode = 1;
}
