/**
 * Runs kinesalite on the loopback address only: its own command would listen on every interface.
 *
 *   node start.cjs FOLDER PORT TOKEN
 */
const { createRequire } = require('node:module');
const { join } = require('node:path');

const [folder, port] = process.argv.slice(2);
const kinesalite = createRequire(join(folder, 'package.json'))('kinesalite');
const server = kinesalite({ createStreamMs: 50, deleteStreamMs: 50, updateStreamMs: 50, shardLimit: 200 });
server.listen(Number(port), '127.0.0.1');
