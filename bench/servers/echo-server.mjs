/**
 * The base of the comparison: a unary grpc-js server that sends back what it gets, with identity (de)serialisers, so
 * that what is left is the price of the transport. Plain JavaScript, so that it starts as our compiled server does.
 * Usage: node echo-server.mjs /package.Service/Method
 */
import { Server, ServerCredentials } from '@grpc/grpc-js';

const identity = (bytes) => bytes;
const maxMessageBytes = 100 * 2 ** 20;

const server = new Server({
  'grpc.max_receive_message_length': maxMessageBytes,
  'grpc.max_send_message_length': maxMessageBytes,
});
const echo = (call, callback) => callback(null, call.request);
server.register(process.argv[2], echo, identity, identity, 'unary');
server.bindAsync('127.0.0.1:0', ServerCredentials.createInsecure(), (error, port) => {
  if (error !== null) throw error;
  console.log(`echo listening on 127.0.0.1:${port}`);
});
