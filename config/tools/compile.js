/**
 * Compiles one TypeScript entry and all that it imports, for scripts that are more than a test: Node 20 runs no `.ts`.
 *
 *   node config/tools/compile.js ENTRY OUT
 *
 * `test/x/run.ts` becomes `OUT/test/x/run.js`. What has not changed since the last time is not compiled again. The
 * compiled files lie elsewhere than their sources, so they find files of the repository from the working directory.
 */
import { join, resolve } from 'node:path';
import process from 'node:process';
import ts from 'typescript';

const root = resolve(import.meta.dirname, '../..');

/**
 * @param {string} entry
 * @param {string} out
 * @returns {readonly ts.Diagnostic[]} what stands in the way
 */
function compile(entry, out) {
  const file = join(root, 'tsconfig.json');
  const { config, error } = ts.readConfigFile(file, (path) => ts.sys.readFile(path));
  if (error !== undefined) return [error];
  const parsed = ts.parseJsonConfigFileContent({ ...config, include: [], files: [entry] }, ts.sys, root);
  const options = {
    ...parsed.options,
    outDir: out,
    declaration: false,
    declarationMap: false,
    noEmitOnError: true,
    incremental: true,
    tsBuildInfoFile: join(out, 'compiled.tsbuildinfo'),
  };
  const program = ts.createIncrementalProgram({
    rootNames: parsed.fileNames,
    options,
    configFileParsingDiagnostics: parsed.errors,
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

const [entry, out] = process.argv.slice(2);
if (entry === undefined || out === undefined) {
  process.stderr.write('usage: node config/tools/compile.js ENTRY OUT\n');
  process.exit(2);
}
const diagnostics = compile(resolve(root, entry), resolve(root, out));
if (diagnostics.length > 0) {
  const host = { getCanonicalFileName: (/** @type {string} */ name) => name, getCurrentDirectory: () => root, getNewLine: () => '\n' };
  process.stderr.write(ts.formatDiagnostics(diagnostics, host));
  process.exitCode = 1;
}
