/** The Open Inference front end on a real HTTP port, over a replica that gives back what it gets. */
import { afterAll } from '@jest/globals';
import type { RpcServer } from '@serving/common';
import { eventually } from '../../../../test/support/eventually.js';
import { exchange, type HttpReply } from '../../../../test/support/http-exchange.js';
import { inferenceRestRoutes } from '../../src/frontend/inference-rest/inference-rest-frontend.js';
import type { HttpHandler, HttpRoute } from '../../src/http/http-handler.js';
import { createHttpServer } from '../../src/http/http-server.js';
import { InferenceBench } from './inference.js';

export interface RestRequest {
  readonly headers?: Readonly<Record<string, string>>;
  /** What is no text or bytes is sent as JSON. */
  readonly body?: unknown;
}

const servers: RpcServer[] = [];
afterAll(async () => {
  await Promise.all(servers.map((server) => server.stop(0)));
});

export class RestBench extends InferenceBench {
  readonly routes = inferenceRestRoutes({
    models: this.models,
    endpoint: this.plane.endpoint,
    clock: this.plane.clock,
    release: '1.2.3',
    stopping: this.stopping.signal,
    log: { isLevelEnabled: (level) => level !== 'info' },
  });
  #address: Promise<string> | undefined;

  #listen(): Promise<string> {
    const [fallback] = this.routes;
    const server = createHttpServer({
      address: '127.0.0.1:0',
      maxMessageBytes: 2 ** 22,
      routes: this.routes.map((route) => this.#endingRounds(route)),
      fallback: fallback!,
      onInternalError: (error) => void this.plane.internal.push(error),
    });
    servers.push(server);
    return server.start();
  }

  /** After a handler has taken a request, its round of I/O ends. */
  #endingRounds(route: HttpRoute): HttpRoute {
    const ending =
      (handler: HttpHandler): HttpHandler =>
      (call, body) => {
        const result = handler(call, body);
        this.plane.runDeferred();
        return result;
      };
    const handlers = Object.entries(route.handlers).map(([verb, handler]) => [verb, ending(handler)]);
    return { ...route, handlers: Object.fromEntries(handlers) as HttpRoute['handlers'] };
  }

  async ask(verb: string, path: string, { headers = {}, body }: RestRequest = {}): Promise<HttpReply> {
    this.#address ??= this.#listen();
    const bytes =
      body === undefined || typeof body === 'string' || body instanceof Uint8Array
        ? Buffer.from(body ?? '')
        : Buffer.from(JSON.stringify(body));
    return exchange(await this.#address, verb, path, { headers, body: bytes });
  }

  /** Resolves when so many instances wait in the first queue. */
  async waiting(instances: number): Promise<void> {
    const isThere = () => this.plane.batchers(1)[0]!.waiting === instances;
    await eventually(`${instances} instances wait`, isThere);
  }

  /** Status and JSON of a reply to GET. */
  async get(path: string): Promise<unknown> {
    return shown(await this.ask('GET', path));
  }

  /** Status and JSON of an inference. */
  async inferJson(
    model: string,
    body: unknown,
    headers: Readonly<Record<string, string>> = {},
  ): Promise<unknown> {
    return shown(await this.ask('POST', `/v2/models/${model}/infer`, { headers, body }));
  }
}

/** Status and JSON. */
export function shown({ status, body }: HttpReply): [number, unknown] {
  return [status, JSON.parse(body.toString('utf8'))];
}

export const jsonInput = (
  datatype: string,
  shape: readonly number[],
  data: unknown,
  more: Readonly<Record<string, unknown>> = {},
) => ({ name: 'x', datatype, shape, data, ...more });

/** A body of JSON and what is behind it, with the header that says where that begins. */
export function binaryBody(
  json: unknown,
  ...tail: readonly Uint8Array[]
): Required<RestRequest> & { body: Uint8Array } {
  const text = Buffer.from(JSON.stringify(json));
  return {
    headers: { 'inference-header-content-length': String(text.length) },
    body: Buffer.concat([text, ...tail]),
  };
}

export interface BinaryReply {
  readonly outputs: readonly {
    readonly name: string;
    readonly datatype: string;
    readonly shape: readonly number[];
  }[];
  readonly raw: readonly Uint8Array[];
}

/** A reply with binary data, taken apart. */
export function readBinary({ headers, body }: HttpReply): BinaryReply {
  const length = Number(headers['inference-header-content-length']);
  const json = JSON.parse(body.subarray(0, length).toString('utf8')) as {
    outputs: (BinaryReply['outputs'][number] & { parameters: { binary_data_size: number } })[];
  };
  let at = length;
  const raw = json.outputs.map(({ parameters }) => body.subarray(at, (at += parameters.binary_data_size)));
  if (at !== body.length) throw new Error(`a body of ${body.length} bytes, of which ${at} are told of`);
  return { outputs: json.outputs.map(({ name, datatype, shape }) => ({ name, datatype, shape })), raw };
}
