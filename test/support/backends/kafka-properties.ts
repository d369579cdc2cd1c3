import { join } from 'node:path';

const modules = 'org.apache.kafka.common.security';

/** `server.properties` of one broker that is its own controller: four ports in a row, see KafkaBroker. */
export function serverProperties(place: {
  readonly port: number;
  readonly directory: string;
  readonly user: { readonly username: string; readonly password: string };
}): string {
  const at = (offset: number): string => `127.0.0.1:${String(place.port + offset)}`;
  const listeners = `PLAINTEXT://${at(0)},SASL_SSL://${at(1)},SSL://${at(2)}`;
  const { username, password } = place.user;
  const lines: Record<string, string> = {
    'process.roles': 'broker,controller',
    'node.id': '1',
    'controller.quorum.voters': `1@${at(3)}`,
    'controller.listener.names': 'CONTROLLER',
    'inter.broker.listener.name': 'PLAINTEXT',
    listeners: `${listeners},CONTROLLER://${at(3)}`,
    'advertised.listeners': listeners,
    'listener.security.protocol.map': 'PLAINTEXT:PLAINTEXT,SASL_SSL:SASL_SSL,SSL:SSL,CONTROLLER:PLAINTEXT',
    'log.dirs': join(place.directory, 'data'),
    'auto.create.topics.enable': 'false',
    'group.initial.rebalance.delay.ms': '0',
    // A broker that was killed is not let in again before its old session ends.
    'broker.session.timeout.ms': '4000',
    'broker.heartbeat.interval.ms': '500',
    // One broker holds every replica; few partitions of the inner topics, which are made on first use.
    'offsets.topic.replication.factor': '1',
    'offsets.topic.num.partitions': '4',
    'transaction.state.log.replication.factor': '1',
    'transaction.state.log.min.isr': '1',
    'transaction.state.log.num.partitions': '4',
    // Compaction and retention soon, for the tests that wait for them.
    'log.initial.task.delay.ms': '500',
    'log.retention.check.interval.ms': '1000',
    'log.cleaner.backoff.ms': '500',
    'log.cleaner.dedupe.buffer.size': '4194304',
    // Topics can be forbidden to the user of SASL; the plain listener may do everything.
    'authorizer.class.name': 'org.apache.kafka.metadata.authorizer.StandardAuthorizer',
    'super.users': 'User:ANONYMOUS',
    'allow.everyone.if.no.acl.found': 'true',
    'ssl.keystore.type': 'PEM',
    'ssl.keystore.location': join(place.directory, 'tls', 'server.pem'),
    'ssl.truststore.type': 'PEM',
    'ssl.truststore.location': join(place.directory, 'tls', 'authority.pem'),
    'listener.name.ssl.ssl.client.auth': 'required',
    'sasl.enabled.mechanisms': 'PLAIN,SCRAM-SHA-256,SCRAM-SHA-512,OAUTHBEARER',
    'listener.name.sasl_ssl.plain.sasl.jaas.config': `${modules}.plain.PlainLoginModule required user_${username}="${password}";`,
    'listener.name.sasl_ssl.scram-sha-256.sasl.jaas.config': `${modules}.scram.ScramLoginModule required;`,
    'listener.name.sasl_ssl.scram-sha-512.sasl.jaas.config': `${modules}.scram.ScramLoginModule required;`,
    'listener.name.sasl_ssl.oauthbearer.sasl.jaas.config': `${modules}.oauthbearer.OAuthBearerLoginModule required unsecuredLoginStringClaim_sub="broker";`,
  };
  return `${Object.entries(lines)
    .map(([name, value]) => `${name}=${value}`)
    .join('\n')}\n`;
}
