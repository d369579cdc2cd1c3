import { memoryDestination } from '../../adapters/destination/memory/index.ts';
import { type DestinationUnderTest, destinationSuite } from './destination-suite.ts';

destinationSuite(
  'memory',
  { open: () => Promise.resolve(open()) },
  { missing: false, fifo: false, network: false, readableAtOnce: true, payload: false, twice: 2 },
);

function open(): DestinationUnderTest {
  const destination = memoryDestination();
  const texts = (): Promise<readonly string[]> => Promise.resolve(destination.received.map(({ json }) => json));
  return { destination, received: texts, now: texts, cleanup: () => destination.close() };
}
