/**
 * The base of comparisons over HTTP/1.1: a node:http server that sends back the body it gets. Plain JavaScript, so that it
 * starts as our compiled server does.
 */
import { createServer } from 'node:http';

const server = createServer((request, reply) => {
  const pieces = [];
  request.on('data', (piece) => pieces.push(piece));
  request.on('end', () => {
    const body = pieces.length === 1 ? pieces[0] : Buffer.concat(pieces);
    reply.writeHead(200, { 'content-type': 'application/json', 'content-length': body.length });
    reply.end(body);
  });
});
server.listen(0, '127.0.0.1', () => console.log(`echo listening on 127.0.0.1:${server.address().port}`));
