import { randomBytes, randomUUID } from 'node:crypto';
import { readFileSync } from 'node:fs';
import { mkdir, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { Kafka, logLevel } from 'kafkajs';
import type { Authority, Certificate } from '../certificates.ts';
import { createAuthority } from '../certificates.ts';
import type { OwnBackend } from './backend.ts';
import { BackendUnavailable } from './backend.ts';
import { commandOutput, runCommand } from './command.ts';
import { lowPorts } from './free-port.ts';
import { ensureInstalled, installDirectory, isInstalled } from './install.ts';
import { serverProperties } from './kafka-properties.ts';
import type { Launch } from './own-instance.ts';
import { startOwn } from './own-instance.ts';
import { configRoot, logRoot } from './paths.ts';
import { progressOf, say } from './progress.ts';

export const kafkaVersions = ['4.1.0', '3.9.1'] as const;
export type KafkaVersion = (typeof kafkaVersions)[number];

const pom = join(configRoot, 'kafka', 'pom.xml');
const startTimeoutMs = 90_000;
const stopGraceMs = 15_000;
const probeTimeoutMs = 3_000;

/** A broker that runs: plain data, because it crosses processes. Everything in it is made up for this one broker. */
export interface KafkaBroker {
  readonly version: KafkaVersion;
  /** `host:port` of the listener without encryption, authentication or limits. */
  readonly bootstrap: string;
  /** Takes SASL PLAIN, SCRAM-SHA-256, SCRAM-SHA-512 and OAUTHBEARER (unsecured tokens). Its certificate is issued by `authority`. */
  readonly saslSsl: string;
  /** Wants a client certificate that `authority` has issued. */
  readonly mutualTls: string;
  /** The certificate of the private authority, PEM. */
  readonly authority: string;
  /** The one user of PLAIN and SCRAM. */
  readonly user: { readonly username: string; readonly password: string };
  /** A certificate that `mutualTls` takes; the second key is encrypted with the passphrase. */
  readonly client: { readonly certificate: string; readonly key: string; readonly encryptedKey: string; readonly passphrase: string };
}

/** A broker of the test's own, which it may disturb and must stop. Its data outlives `halt` and `restart`. */
export interface OwnKafka extends OwnBackend {
  readonly broker: KafkaBroker;
}

function installation(version: KafkaVersion): { name: string; recipe: string; proof: string } {
  return { name: `kafka-${version}`, recipe: `${readFileSync(pom, 'utf8')}${version}`, proof: 'lib' };
}

async function requireTool(tool: string, how: string): Promise<void> {
  if ((await commandOutput(tool, ['-version'])) !== undefined) return;
  throw new BackendUnavailable('kafka', `Kafka needs ${tool}, which is not on the PATH: ${how}, or set KAFKA_ENDPOINT`);
}

async function install(version: KafkaVersion, directory: string): Promise<void> {
  say(`kafka ${version}: fetching its jars with Maven, once, into .cache/backends (about a minute) ...`);
  const startedAt = performance.now();
  const step = progressOf(`kafka ${version}: files read`, undefined);
  const args = ['-B', '-f', pom, 'dependency:copy-dependencies', `-Dkafka.version=${version}`];
  await runCommand('mvn', [...args, `-DoutputDirectory=${join(directory, 'lib')}`, '-DincludeScope=runtime'], {
    logFile: join(logRoot, `kafka-${version}-install.log`),
    onLine: (line) => {
      if (line.includes('Downloaded from')) step();
    },
  });
  say(`kafka ${version}: installed in ${((performance.now() - startedAt) / 1_000).toFixed(0)} s`);
}

/** Fetches a Kafka if it is not there yet. Rejects with BackendUnavailable if this machine lacks Java or Maven. */
export async function provisionKafka(version: KafkaVersion = '4.1.0'): Promise<void> {
  await requireTool('java', 'install a JRE of version 17 or newer (apt-get install default-jre-headless)');
  if (await isInstalled(installation(version))) return;
  await requireTool('mvn', 'install Maven (apt-get install maven)');
  await ensureInstalled({ ...installation(version), install: (directory) => install(version, directory), say });
}

/** True if a broker answers there that has a coordinator for groups. */
export async function kafkaAnswers(endpoint: string): Promise<boolean> {
  const kafka = new Kafka({
    brokers: [endpoint],
    logLevel: logLevel.NOTHING,
    retry: { retries: 0 },
    connectionTimeout: probeTimeoutMs,
    requestTimeout: probeTimeoutMs,
  });
  const admin = kafka.admin();
  try {
    await admin.connect();
    const { brokers } = await admin.describeCluster();
    // The first question for a group makes the topic of offsets: better here than in the first test.
    await admin.fetchOffsets({ groupId: 'millrace-probe', topics: [] });
    return brokers.length > 0;
  } finally {
    await admin.disconnect();
  }
}

function java(version: KafkaVersion, token: string): string[] {
  const lib = join(installDirectory(installation(version)), 'lib');
  const log = ['-Dorg.slf4j.simpleLogger.defaultLogLevel=warn', '-Dorg.slf4j.simpleLogger.showDateTime=true'];
  return ['-Xmx512m', '-XX:+UseSerialGC', `-Dmillrace.instance=${token}`, ...log, '-cp', join(lib, '*')];
}

interface Made {
  readonly authority: Authority;
  readonly server: Certificate;
  readonly user: KafkaBroker['user'];
}

async function format(version: KafkaVersion, { port, token, directory }: Place, { authority, server, user }: Made): Promise<void> {
  const certificates = join(directory, 'tls');
  await mkdir(certificates, { recursive: true });
  await writeFile(join(certificates, 'authority.pem'), authority.certificate);
  await writeFile(join(certificates, 'server.pem'), `${server.key}${server.certificate}`);
  const properties = join(directory, 'server.properties');
  await writeFile(properties, serverProperties({ port, directory, user }));
  const scram = ['SCRAM-SHA-256', 'SCRAM-SHA-512'].flatMap((mechanism) => [
    '--add-scram',
    `${mechanism}=[name=${user.username},password=${user.password}]`,
  ]);
  const id = `M${randomBytes(16).toString('base64url').slice(1, 22)}`;
  await runCommand('java', [...java(version, token), 'kafka.tools.StorageTool', 'format', '-t', id, '-c', properties, ...scram], {
    logFile: join(logRoot, `kafka-${version}-format.log`),
  });
}

type Place = Parameters<Launch['program']>[0];

function launch(version: KafkaVersion, made: Made): Launch {
  return {
    name: 'kafka',
    choosePort: () => lowPorts(4),
    endpointAt: (port) => `127.0.0.1:${String(port)}`,
    keepsData: true,
    prepare: (place) => format(version, place, made),
    program: ({ token, directory }) => ({
      command: 'java',
      args: [...java(version, token), 'kafka.Kafka', join(directory, 'server.properties')],
      env: process.env,
    }),
    healthy: kafkaAnswers,
    startTimeoutMs,
    stopGraceMs,
  };
}

/** Installs if needed and starts a broker of the caller's own, which it must stop. */
export async function startKafka(version: KafkaVersion = '4.1.0'): Promise<OwnKafka> {
  await provisionKafka(version);
  const authority = createAuthority('Millrace Test Authority');
  const user = { username: 'miller', password: `pass-${randomUUID()}` };
  const own = await startOwn(launch(version, { authority, server: authority.issue('127.0.0.1'), user }));
  const client = authority.issue('client');
  const passphrase = `phrase-${randomUUID()}`;
  const broker: KafkaBroker = {
    version,
    bootstrap: own.endpoint,
    saslSsl: `127.0.0.1:${String(own.port + 1)}`,
    mutualTls: `127.0.0.1:${String(own.port + 2)}`,
    authority: authority.certificate,
    user,
    client: { certificate: client.certificate, key: client.key, encryptedKey: client.encryptedKey(passphrase), passphrase },
  };
  return Object.assign(own, { broker });
}
