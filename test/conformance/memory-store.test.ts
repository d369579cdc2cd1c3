import { memoryStore } from '../../adapters/store/memory/index.ts';
import { storeSuite } from './store-suite.ts';

storeSuite('memory', () => ({ open: memoryStore, remove: () => Promise.resolve() }), { durable: false });
