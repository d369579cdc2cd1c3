import { randomUUID } from 'node:crypto';
import { setTimeout as sleep } from 'node:timers/promises';
import { AclOperationTypes, AclPermissionTypes, AclResourceTypes, ResourcePatternTypes } from 'kafkajs';
import { afterAll, afterEach, describe, expect, it } from 'vitest';
import { type KafkaOptions, kafka } from '../../adapters/source/kafka/index.ts';
import { startKafka } from '../support/backends/index.ts';
import { sharedKafka } from '../support/backends/inject.ts';
import { createAuthority } from '../support/certificates.ts';
import { at, Member, until } from '../support/kafka-member.ts';
import { SourceSockets } from '../support/kafka-sockets.ts';
import { KafkaTopics } from '../support/kafka-topics.ts';

const SESSION_MS = 6_000;
const broker = await sharedKafka();
const topics = new KafkaTopics(broker.bootstrap);
const ends: (() => Promise<unknown>)[] = [];

afterEach(async () => {
  for (const end of ends.splice(0).reverse()) await end();
});
afterAll(() => topics.close());

function join(options: KafkaOptions, groupId = `g-${randomUUID()}`) {
  const source = kafka({ sessionTimeoutMs: SESSION_MS, ...options });
  ends.push(() => source.close());
  const sockets = new SourceSockets();
  ends.push(() => {
    sockets.end();
    return Promise.resolve();
  });
  return { source, sockets, member: new Member(source, groupId) };
}

const secured = {
  brokers: [broker.saslSsl],
  ssl: { ca: broker.authority },
  sasl: { mechanism: 'scram-sha-512', ...broker.user },
} as const;

describe('a broker', () => {
  it('that is nowhere is said to be so, and is tried with waits that grow', async () => {
    const { source, sockets, member } = join({ brokers: ['127.0.0.1:1', '127.0.0.1:2'], topic: 'orders' });
    await expect(source.describe()).rejects.toMatchObject({
      kind: 'unavailable',
      code: 'ECONNREFUSED',
      message: expect.stringContaining('127.0.0.1:') as string,
    });
    await until(() => member.troubles.length >= 5, 'five tries');
    const waits = member.troubles.map(({ waitMs }) => waitMs);
    expect(member.troubles.every(({ error }) => error.code === 'ECONNREFUSED')).toBe(true);
    // From 300 ms on, doubled, never less than half of it.
    expect(waits.at(-1)).toBeGreaterThan(2_000);
    // Two brokers are named: each try is two connections.
    expect(sockets.opened).toBeLessThanOrEqual(2 * (member.troubles.length + 2));
    expect(member.heard.filter((heard) => heard.startsWith('assigned'))).toEqual([]);
  });

  it('that is killed and comes back costs no partition when it is fast, and reading goes on where it was', async () => {
    const own = await startKafka();
    ends.push(() => own.stop());
    const mine = new KafkaTopics(own.broker.bootstrap);
    ends.push(() => mine.close());
    const topic = await mine.create(2);
    await mine.produce(topic, [{ partition: 0, value: 'a' }]);
    const { member, sockets } = join({ brokers: [own.broker.bootstrap], topic, sessionTimeoutMs: 120_000 });
    await until(() => member.assigned.length === 2, 'all partitions');
    const epoch = member.epochOf(0);
    expect(await member.commit(0, 1, 'before')).toBe('committed');
    let read = 0;
    const reading = member.values(0, at(0), ({ length }) => {
      read = length;
      return length === 2;
    });
    await until(() => read === 1, 'the first record');
    const before = sockets.opened;
    await own.halt('SIGKILL');
    const outage = performance.now();
    await expect(member.commit(0, 1, 'nowhere')).rejects.toMatchObject({ kind: 'unavailable' });
    await sleep(3_000);
    await own.restart();
    const lasted = (performance.now() - outage) / 1_000;
    // Two sets of connections, each with waits from 200 ms on that double up to 3 s, but never less than half of that.
    expect(sockets.opened - before).toBeLessThan(2 * (8 + lasted));
    const again = new KafkaTopics(own.broker.bootstrap);
    ends.push(() => again.close());
    await again.produce(topic, [{ partition: 0, value: 'b' }]);
    expect(await reading).toEqual(['a', 'b']);
    await until(async () => (await member.commit(0, 2, 'behind').catch(() => 'no')) === 'committed', 'a commit');
    expect((await again.bounds(topic))[0]).toEqual({ partition: 0, low: '0', high: '2' });
    expect(member.heard.filter((heard) => !heard.startsWith('read '))).toEqual(['assigned 0,1']);
    expect(member.epochOf(0)).toBe(epoch);
  });

  it('that is away for longer than the session takes the partitions, and its return gives them under other epochs', async () => {
    const own = await startKafka();
    ends.push(() => own.stop());
    const mine = new KafkaTopics(own.broker.bootstrap);
    ends.push(() => mine.close());
    const topic = await mine.create(1);
    const { member } = join({ brokers: [own.broker.bootstrap], topic });
    await until(() => member.assigned.length === 1, 'the partition');
    const epoch = member.epochOf(0);
    await own.halt('SIGKILL');
    await until(() => member.assigned.length === 0, 'the loss');
    expect(member.heard.slice(0, 3)).toEqual(['assigned 0', 'assigned ', 'trouble SessionTimeout']);
    expect(await member.commit(0, 0, 'late', epoch)).toBe('refused');
    await own.restart();
    await until(() => member.assigned.length === 1, 'the return');
    expect(member.epochOf(0)).toBeGreaterThan(epoch);
  });
});

describe('credentials', () => {
  it('that are right give records over TLS with SASL', async () => {
    const topic = await topics.create(1);
    await topics.produce(topic, [{ value: 'a' }]);
    const { source, member } = join({ ...secured, topic });
    expect(await source.describe()).toEqual({ partitions: 1 });
    await until(() => member.assigned.length === 1, 'the partition');
    expect(await member.values(0, at(0), ({ length }) => length === 1)).toEqual(['a']);
    expect(await member.commit(0, 1)).toBe('committed');
  });

  it.each([
    ['with a wrong password', { sasl: { ...secured.sasl, password: 'wrong-password' } }, /refuses the credentials/u],
    [
      'with a mechanism that is not there',
      { sasl: { ...secured.sasl, mechanism: 'plain', username: 'nobody' } },
      /refuses the credentials/u,
    ],
    ['with another authority', { ssl: { ca: createAuthority('Another').certificate } }, /TLS failed/u],
  ] as const)('%s are denied, in clear words without a secret, and not tried again and again', async (_name, wrong, text) => {
    const { source, sockets, member } = join({ ...secured, ...wrong, topic: 'orders' });
    const denial = { kind: 'denied', message: expect.stringMatching(text) as string };
    await expect(source.describe()).rejects.toMatchObject(denial);
    await until(() => member.troubles.length >= 3, 'three tries');
    for (const { error } of member.troubles) {
      expect(error).toMatchObject(denial);
      expect(String(error.stack)).not.toContain('wrong-password');
      expect(error.message).not.toContain(broker.user.password);
    }
    expect(sockets.opened).toBeLessThanOrEqual(2 * (member.troubles.length + 2));
  });

  it('that may not read the topic, or not use the group, are denied with the name of what is lacking', async () => {
    const topic = await topics.create(1);
    const [closed, shut] = [`g-${randomUUID()}`, await topics.create(1)];
    const deny = (resourceType: AclResourceTypes, resourceName: string) => ({
      resourceType,
      resourceName,
      resourcePatternType: ResourcePatternTypes.LITERAL,
      principal: `User:${broker.user.username}`,
      host: '*',
      operation: AclOperationTypes.READ,
      permissionType: AclPermissionTypes.DENY,
    });
    await topics.admin.createAcls({ acl: [deny(AclResourceTypes.GROUP, closed), deny(AclResourceTypes.TOPIC, shut)] });
    const group = join({ ...secured, topic }, closed);
    await until(() => group.member.troubles.length > 0, 'the group refuses');
    expect(group.member.troubles[0]?.error).toMatchObject({ kind: 'denied', code: 'GROUP_AUTHORIZATION_FAILED' });
    await expect(group.member.membership.offsets()).rejects.toMatchObject({ kind: 'denied' });
    const read = join({ ...secured, topic: shut });
    await until(() => read.member.assigned.length === 1 || read.member.troubles.length > 0, 'the topic answers');
    const seen = read.member.troubles[0]?.error ?? (await read.member.values(0, at(0), () => false).catch((error: unknown) => error));
    expect(seen).toMatchObject({ kind: 'denied', code: 'TOPIC_AUTHORIZATION_FAILED' });
  });
});
