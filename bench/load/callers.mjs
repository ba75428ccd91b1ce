/** Connections of generator.mjs: each makes calls whose replies are compared byte by byte. */
import { once } from 'node:events';
import { Agent, request as httpRequest } from 'node:http';
import { connect } from 'node:http2';

const windowBytes = 2 ** 24;

/** A session of HTTP/2. `call` resolves with what was wrong, or undefined. */
export async function grpcCaller({ run, request, expected, headers, onBreak }) {
  const session = connect(`http://${run.address}`, {
    settings: { initialWindowSize: windowBytes, enablePush: false },
  });
  session.on('error', (error) => onBreak(error.message));
  await once(session, 'remoteSettings');
  session.setLocalWindowSize(windowBytes);
  return {
    isBroken: () => session.destroyed,
    close: () => session.close(),
    call: () =>
      new Promise((resolve) => {
        const answer = { chunks: [] };
        const readStatus = (fields) => {
          if (fields['grpc-status'] === undefined) return;
          answer.grpcStatus = fields['grpc-status'];
          answer.grpcMessage = fields['grpc-message'];
        };
        let failure;
        const stream = session.request(headers);
        stream.on('response', (fields) => {
          answer.httpStatus = fields[':status'];
          readStatus(fields);
        });
        stream.on('trailers', readStatus);
        stream.on('data', (chunk) => answer.chunks.push(chunk));
        stream.on('error', (error) => (failure = error.message));
        stream.on('close', () => resolve(failure ?? grpcFault(answer) ?? bodyFault(answer, expected)));
        stream.end(request);
      }),
  };
}

function grpcFault({ httpStatus, grpcStatus, grpcMessage }) {
  if (httpStatus !== 200) return `HTTP status ${httpStatus}`;
  return grpcStatus === '0' ? undefined : `grpc-status ${grpcStatus} ${grpcMessage ?? ''}`;
}

/** Connections of HTTP/1.1 that are kept: one for each call in flight. */
export async function httpCaller({ run, request, expected }) {
  const agent = new Agent({ keepAlive: true });
  const headers = { ...run.headers, 'content-length': request.length };
  return {
    isBroken: () => false,
    close: () => agent.destroy(),
    call: () =>
      new Promise((resolve) => {
        const call = httpRequest(
          `http://${run.address}${run.path}`,
          { method: 'POST', agent, headers },
          (reply) => {
            const chunks = [];
            reply.on('data', (chunk) => chunks.push(chunk));
            reply.on('end', () => {
              const { statusCode } = reply;
              resolve(statusCode === 200 ? bodyFault({ chunks }, expected) : `HTTP status ${statusCode}`);
            });
            reply.on('error', (error) => resolve(error.message));
          },
        );
        call.on('error', (error) => resolve(error.message));
        call.end(request);
      }),
  };
}

function bodyFault({ chunks }, expected) {
  const bytes = chunks.length === 1 ? chunks[0] : Buffer.concat(chunks);
  return bytes.equals(expected) ? undefined : `a reply of ${bytes.length} bytes that is not the expected one`;
}
