/**
 * Runs kinesis-mock on the loopback address only: it would listen on every interface, and has no setting for that.
 *
 * Its folder is named by KINESIS_MOCK_FOLDER. Started by LocalStack, in place of the program that LocalStack would install.
 */
const net = require('node:net');
const { join } = require('node:path');

const listen = net.Server.prototype.listen;
net.Server.prototype.listen = function listenOnLoopback(first, ...others) {
  const options = typeof first === 'object' && first !== null ? first : { port: first };
  const callback = others.find((argument) => typeof argument === 'function');
  return listen.call(this, { ...options, host: '127.0.0.1' }, callback);
};

const folder = join(process.env.KINESIS_MOCK_FOLDER, 'node_modules', 'kinesis-local');
process.env.KINESIS_MOCK_CERT_PATH = join(folder, 'server.json');
require(join(folder, 'main.js'));
