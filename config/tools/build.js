/**
 * Builds the package into dist, from nothing, so that no file of an earlier build is shipped.
 *
 *   node config/tools/build.js [--if-stale]
 *
 * With --if-stale it builds only when a source, the compiler or its options have changed since the last whole build, and leaves
 * the types to `npm run check:types`, which makes the first start twice as quick. Without the compiler it then does nothing: an
 * installation without development packages has no use for it.
 */
import { spawnSync } from 'node:child_process';
import { createHash } from 'node:crypto';
import { chmodSync, existsSync, mkdirSync, readdirSync, readFileSync, rmSync, statSync, writeFileSync } from 'node:fs';
import { createRequire } from 'node:module';
import { dirname, join, resolve } from 'node:path';
import process from 'node:process';

const root = resolve(import.meta.dirname, '../..');
const dist = join(root, 'dist');
const stamp = join(root, '.cache/build.stamp');
const bin = join(dist, 'adapters/bin.js');
const ifStale = process.argv.includes('--if-stale');

/** Names, sizes and times of all that the build reads. */
function inputs() {
  const hash = createHash('sha256');
  const sources = ['src', 'adapters'].flatMap((folder) =>
    readdirSync(join(root, folder), { recursive: true, withFileTypes: true })
      .filter((entry) => entry.isFile())
      .map((entry) => join(entry.parentPath, entry.name)),
  );
  for (const file of [...sources, join(root, 'tsconfig.json'), join(root, 'package-lock.json'), import.meta.filename].sort()) {
    const { size, mtimeMs } = statSync(file);
    hash.update(`${file}\0${String(size)}\0${String(mtimeMs)}\n`);
  }
  return hash.digest('hex');
}

/** @param {string} wanted */
function isFresh(wanted) {
  return existsSync(bin) && existsSync(stamp) && readFileSync(stamp, 'utf8') === wanted;
}

function findCompiler() {
  try {
    return createRequire(import.meta.url).resolve('typescript/bin/tsc');
  } catch {
    return undefined;
  }
}

/** @param {string} wanted */
function build(wanted) {
  const compiler = findCompiler();
  if (compiler === undefined) {
    console.error('nothing was built: the compiler is not installed (npm install brings it)');
    return ifStale ? 0 : 1;
  }
  rmSync(stamp, { force: true });
  rmSync(dist, { recursive: true, force: true });
  const { status } = spawnSync(process.execPath, [compiler, '-p', join(root, 'tsconfig.json'), ifStale ? '--noCheck' : '--noEmitOnError'], {
    cwd: root,
    stdio: 'inherit',
  });
  if (status !== 0) return 1;
  if (existsSync(bin)) chmodSync(bin, 0o755);
  mkdirSync(dirname(stamp), { recursive: true });
  writeFileSync(stamp, wanted);
  return 0;
}

const wanted = inputs();
if (!ifStale || !isFresh(wanted)) process.exitCode = build(wanted);
