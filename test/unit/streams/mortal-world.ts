import type { KinesisStreamEvent } from 'aws-lambda';
import { handler } from '../../../adapters/target/function/index.ts';
import { CoreEngine, type StateStore, silentLogger, silentMeter } from '../../../src/index.ts';
import { Life, never } from '../../simulation/life.ts';
import { type Fields, type SeenRecord, StreamWorld } from '../../support/stream-world.ts';

/** A store that a dead process does not reach any more. */
function reachedBy(life: Life, store: StateStore): StateStore {
  const call = async <Value>(action: () => Promise<Value>): Promise<Value> => {
    if (!life.touch()) return never();
    const value = await action();
    return life.touch() ? value : never();
  };
  return {
    label: store.label,
    durable: true,
    listMappings: () => call(() => store.listMappings()),
    putMapping: (id, expectedVersion, data) => call(() => store.putMapping(id, expectedVersion, data)),
    removeMapping: (id) => call(() => store.removeMapping(id)),
    readRows: (mappingId) => call(() => store.readRows(mappingId)),
    writeRows: (writes) => call(() => store.writeRows(writes)),
    acquire: (key, owner, unmoved) => call(() => store.acquire(key, owner, unmoved)),
    renew: (lease) => call(() => store.renew(lease)),
    release: (lease) => call(() => store.release(lease)),
    close: () => Promise.resolve(),
  };
}

/** A world whose engine can be killed at any moment. */
export class MortalWorld extends StreamWorld {
  #life = new Life(0, this.clock, () => undefined);

  /** The process is gone; nothing of it moves any more. */
  kill(): void {
    this.#life.end();
  }

  /** Another process on the same stream and store, and its mapping. */
  begin(fields: Fields, work: (records: readonly SeenRecord[]) => unknown): void {
    const life = new Life(this.#life.number + 1, this.clock, () => undefined);
    this.#life = life;
    this.engine = new CoreEngine({
      clock: life.clock,
      random: this.random,
      logger: silentLogger,
      meter: silentMeter,
      store: reachedBy(life, this.store),
      ownerLabel: `life ${String(life.number)}`,
    });
    const target = handler((event: KinesisStreamEvent) => {
      if (!life.touch()) return never();
      const records = event.Records.map(({ kinesis, eventID }) => ({
        key: kinesis.partitionKey,
        text: Buffer.from(kinesis.data, 'base64').toString(),
        sequenceNumber: kinesis.sequenceNumber,
        shardId: eventID.slice(0, eventID.indexOf(':')),
      }));
      this.batches.push(records);
      const answer = work(records);
      return life.isDead ? never() : answer;
    });
    this.mapping = this.engine.map({ name: 'm', startingPosition: 'TRIM_HORIZON', ...fields, source: this.stream, target });
    void this.engine.start();
  }
}
