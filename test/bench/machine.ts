import { readFileSync } from 'node:fs';
import { cpus, loadavg, platform, release, totalmem } from 'node:os';

/** What results are only comparable under. No name of the host. */
export interface Machine {
  readonly date: string;
  readonly node: string;
  readonly v8: string;
  readonly system: string;
  readonly cpu: string;
  readonly cores: number;
  readonly memoryMb: number;
  /** Of the last minute, at the start. Other work on the machine shows here. */
  readonly load: number;
  readonly packages: Readonly<Record<string, string>>;
}

const PACKAGES = ['@aws-sdk/client-sqs', '@aws-sdk/client-kinesis', '@aws-sdk/client-dynamodb-streams', 'sqs-consumer', 'p-queue', 'pino'];

/** The machine as it is now. */
export function describeMachine(): Machine {
  const cores = cpus();
  return {
    date: new Date().toISOString(),
    node: process.versions.node,
    v8: process.versions.v8,
    system: `${platform()} ${release()}`,
    cpu: cores[0]?.model.trim() ?? 'unknown',
    cores: cores.length,
    memoryMb: Math.round(totalmem() / 1_048_576),
    load: loadavg()[0] ?? 0,
    packages: { millrace: versionIn('package.json'), ...Object.fromEntries(PACKAGES.map((name) => [name, versionOf(name)] as const)) },
  };
}

/** The version of an installed package. */
export function versionOf(name: string): string {
  return versionIn(`node_modules/${name}/package.json`);
}

function versionIn(file: string): string {
  const { version } = JSON.parse(readFileSync(file, 'utf8')) as { version: string };
  return version;
}
