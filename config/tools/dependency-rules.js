/**
 * Who may import what. `import type` counts: a room that knows another's types cannot be changed alone.
 *
 * Run from the repository's root: `npx depcruise --config config/tools/dependency-rules.js src adapters test`.
 * test/tools/dependency-rules.test.ts shows each rule firing.
 *
 * @typedef {import('dependency-cruiser').IForbiddenRuleType} Rule
 */

const RECORD_ROOMS = ['intake', 'filter', 'lanes', 'window', 'invoke', 'verdict', 'settle'];

/** What each folder of src may import besides itself; `system` is the file src/system.ts. */
/** @type {Readonly<Record<string, readonly string[]>>} */
const ROOMS = {
  contract: [],
  kit: [],
  ...Object.fromEntries([...RECORD_ROOMS, 'observe'].map((room) => [room, ['contract', 'kit']])),
  mapping: [...RECORD_ROOMS, 'observe', 'contract', 'kit'],
  engine: ['mapping', 'intake', 'invoke', 'observe', 'contract', 'kit', 'system'],
  resource: ['mapping', 'contract', 'kit'],
  manage: ['resource', 'engine', 'mapping', 'observe', 'contract', 'kit'],
  daemon: ['manage', 'resource', 'engine', 'mapping', 'filter', 'contract', 'kit'],
  testing: ['engine', 'contract', 'kit', 'system'],
};

/** The packages of src, by room. A room that is not named here needs none. */
/** @type {Readonly<Record<string, readonly string[]>>} */
const PACKAGES = {
  invoke: ['p-queue'],
  mapping: ['zod'],
  engine: ['zod'],
  manage: ['fastify', 'zod'],
  daemon: ['yaml', 'zod', 'commander'],
  observe: ['@opentelemetry/api'],
};

const KINDS = ['source', 'target', 'store', 'destination', 'secret', 'signature', 'meter', 'tracer', 'permission', 'logger', 'api'];

const PACKAGE = '(^|/)node_modules/';
/** @type {import('dependency-cruiser').DependencyType[]} */
const FROM_NPM = ['npm', 'npm-dev', 'npm-optional', 'npm-peer', 'npm-bundled', 'npm-no-pkg', 'npm-unknown', 'unknown', 'undetermined'];

const rooms = Object.keys(ROOMS);
const anyRoom = `^src/(?:${rooms.join('|')})/`;
const adapter = `^adapters/(${KINDS.join('|')})/([^/]+)/`;
const wiring = '^adapters/(?:index|catalog|catalog-kafka|testing|bin)\\.ts$';
const product = '^(src|adapters)/';

/** @param {string} room */
const pathOf = (room) => (room === 'system' ? '^src/system\\.ts$' : `^src/${room}/`);

/** @type {Rule[]} */
const roomRules = [
  ...Object.entries(ROOMS).map(([room, allowed]) => ({
    name: `room-${room}`,
    severity: /** @type {const} */ ('error'),
    comment: `src/${room} may import ${allowed.length === 0 ? 'nothing in src' : allowed.join(', ')}.`,
    from: { path: pathOf(room) },
    to: { path: '^src/', pathNot: [room, ...allowed].map(pathOf) },
  })),
  {
    name: 'system-is-a-leaf',
    severity: 'error',
    comment: 'src/system.ts implements ports of the contract and knows nothing else.',
    from: { path: pathOf('system') },
    to: { path: '^src/', pathNot: '^src/contract/index\\.ts$' },
  },
  {
    name: 'known-rooms-only',
    severity: 'error',
    comment: 'A new room of src is entered in the table of this file first.',
    from: { path: '^src/', pathNot: [anyRoom, '^src/(index|system)\\.ts$'] },
    to: {},
  },
  {
    name: 'room-door',
    severity: 'error',
    comment: 'Other rooms are entered by their index.ts.',
    from: { path: '^src/([^/]+)' },
    to: { path: '^src/[^/]+/', pathNot: ['^src/$1/', '^src/[^/]+/index\\.ts$'] },
  },
];

/** @type {Rule[]} */
const packageRules = [
  ...rooms.map((room) => ({
    name: `packages-of-${room}`,
    severity: /** @type {const} */ ('error'),
    comment: `src/${room} may use ${PACKAGES[room]?.join(', ') ?? 'no package'}; vendors belong under adapters.`,
    from: { path: pathOf(room) },
    to: { dependencyTypes: FROM_NPM, pathNot: (PACKAGES[room] ?? []).map((name) => `${PACKAGE}${name}/`) },
  })),
  {
    name: 'packages-of-src-itself',
    severity: 'error',
    comment: 'src/index.ts and src/system.ts use no package.',
    from: { path: '^src/[^/]+$' },
    to: { dependencyTypes: FROM_NPM },
  },
  {
    name: 'engine-reaches-nothing-outside',
    severity: 'error',
    comment: 'The engine has no network, no files and no processes of its own; adapters have, and the daemon.',
    from: { path: '^src/', pathNot: ['^src/(daemon|manage)/', '^src/system\\.ts$'] },
    to: { path: '^(node:)?(net|tls|dns|dgram|https?|http2|fs|child_process|worker_threads|cluster|readline|repl|os)(/|$)' },
  },
  {
    name: 'dev-packages-stay-at-home',
    severity: 'error',
    comment: 'What is shipped may import dependencies and optional peers only; who installs it gets no devDependencies.',
    from: { path: product },
    to: { dependencyTypes: ['npm-dev', 'npm-no-pkg', 'npm-unknown'], dependencyTypesNot: ['npm-peer'] },
  },
  {
    name: 'vendor-sdk-is-lazy',
    severity: 'error',
    comment: 'A process that only reads SQS loads only SQS: vendor SDKs come by import(), their types by import type.',
    from: { path: '^adapters/' },
    to: { path: `${PACKAGE}(@aws-sdk|@smithy|libsql|kafkajs)/`, dynamic: false, dependencyTypesNot: ['type-only', 'type-import'] },
  },
];

/** @type {Rule[]} */
const adapterRules = [
  {
    name: 'src-knows-no-adapter',
    severity: 'error',
    comment: 'Adapters implement the ports; the engine is handed them.',
    from: { path: '^src/' },
    to: { path: '^adapters/' },
  },
  {
    name: 'known-adapter-kinds-only',
    severity: 'error',
    comment: `Under adapters there is wiring, shared, and one folder for each of ${KINDS.join(', ')}.`,
    from: { path: '^adapters/', pathNot: [adapter, wiring, '^adapters/shared/'] },
    to: {},
  },
  {
    name: 'adapter-uses-the-door-of-src',
    severity: 'error',
    comment: 'Adapters see of the engine what src/index.ts shows.',
    from: { path: '^adapters/', pathNot: '^adapters/bin\\.ts$' },
    to: { path: '^src/', pathNot: '^src/index\\.ts$' },
  },
  {
    name: 'bin-uses-three-doors-of-src',
    severity: 'error',
    comment: 'bin.ts joins the catalogue with the daemon; it sees src/index.ts, src/daemon/index.ts and src/manage/index.ts.',
    from: { path: '^adapters/bin\\.ts$' },
    to: { path: '^src/', pathNot: '^src/((daemon|manage)/)?index\\.ts$' },
  },
  {
    name: 'adapter-knows-no-adapter',
    severity: 'error',
    comment: 'An adapter imports its own folder and adapters/shared.',
    from: { path: adapter },
    to: { path: '^adapters/', pathNot: ['^adapters/$1/$2/', '^adapters/shared/'] },
  },
  {
    name: 'shared-knows-no-adapter',
    severity: 'error',
    comment: 'adapters/shared is below the adapters.',
    from: { path: '^adapters/shared/' },
    to: { path: '^adapters/', pathNot: '^adapters/shared/' },
  },
  {
    name: 'adapter-door',
    severity: 'error',
    comment: 'Wiring enters an adapter by its index.ts.',
    from: { path: wiring },
    to: { path: '^adapters/[^/]+/', pathNot: '^adapters/(shared/|[^/]+/[^/]+/index\\.ts$)' },
  },
  {
    name: 'catalog-is-lazy',
    severity: 'error',
    comment: 'The catalogue loads an adapter when a mapping names it.',
    from: { path: '^adapters/catalog(?:-kafka)?\\.ts$' },
    to: { path: adapter, dynamic: false, dependencyTypesNot: ['type-only', 'type-import'] },
  },
];

/** @type {Rule[]} */
const generalRules = [
  { name: 'no-cycle', severity: 'error', comment: 'Two files that need each other are one.', from: {}, to: { circular: true } },
  {
    name: 'no-orphan',
    severity: 'error',
    comment: 'A file that nobody imports and that imports nothing is dead.',
    from: { orphan: true, pathNot: ['\\.d\\.ts$'] },
    to: {},
  },
  {
    name: 'product-knows-no-test',
    severity: 'error',
    comment: 'What is shipped does not lean on what is not.',
    from: { path: product },
    to: { path: '^test/' },
  },
  {
    name: 'resolvable',
    severity: 'error',
    comment: 'An import that leads nowhere.',
    from: {},
    to: { couldNotResolve: true },
  },
];

/** @type {import('dependency-cruiser').IConfiguration} */
export default {
  forbidden: [...generalRules, ...roomRules, ...packageRules, ...adapterRules],
  options: {
    doNotFollow: { path: 'node_modules' },
    tsPreCompilationDeps: true,
    combinedDependencies: false,
    enhancedResolveOptions: {
      exportsFields: ['exports'],
      conditionNames: ['import', 'types', 'node', 'default'],
      mainFields: ['module', 'main', 'types'],
    },
    cache: false,
  },
};
