/** A master's HTTP port over a replica that answers with what it was sent, and ways to ask it. */
import { createLogger, type MethodSignature, type Port } from '@serving/common';
import { Master, type MasterOptions, type RestOptions } from '../../src/master.js';
import { FakeReplica } from './fake-replica.js';
import { answerAtOnce } from './plane.js';

export interface RestReply {
  readonly status: number;
  readonly headers: Headers;
  /** As it was sent. */
  readonly text: string;
  readonly json: { readonly instances?: readonly Record<string, unknown>[]; readonly error_msg?: string };
}

export interface RestSetUp extends Partial<RestOptions> {
  readonly inputs?: readonly Port[];
  readonly master?: MasterOptions;
}

export function methodOf(inputs: readonly Port[]): MethodSignature {
  return { name: 'predict', inputs, outputs: [{ name: 'y' }], modelBatchSize: 0, idempotent: true };
}

/** To be stopped by whoever has started it. */
export class RestFrontend {
  readonly master: Master;
  readonly replica: FakeReplica;
  address = '';

  constructor({ inputs = [{ name: 'x' }], master = {} }: RestSetUp) {
    this.master = new Master({ logger: createLogger('test', 'fatal'), ...master });
    this.replica = answerAtOnce(new FakeReplica({ methods: [methodOf(inputs)] }));
    this.master.addReplica(this.replica);
    this.replica.grant();
  }

  async post(
    body: string | Uint8Array<ArrayBuffer>,
    path = '/model/add:predict',
    more: RequestInit = {},
  ): Promise<RestReply> {
    const response = await fetch(`http://${this.address}${path}`, { method: 'POST', body, ...more });
    const text = await response.text();
    const { status, headers } = response;
    return { status, headers, text, json: text === '' ? {} : (JSON.parse(text) as RestReply['json']) };
  }

  /** Sends an instance whose input x is this JSON; gives what the replica got for it, or the error. */
  async send(x: string): Promise<string> {
    const { json } = await this.post(`{"instances":[{"x":${x}}]}`);
    return json.error_msg ?? String(json.instances![0]!['y']);
  }

  stop(): Promise<boolean> {
    return this.master.stop(0);
  }
}

export async function startRest(setUp: RestSetUp = {}): Promise<RestFrontend> {
  const frontend = new RestFrontend(setUp);
  const { maxMessageBytes = 2 ** 20, statusCodes } = setUp;
  frontend.address = await frontend.master.listenRest('127.0.0.1:0', {
    maxMessageBytes,
    ...(statusCodes === undefined ? {} : { statusCodes }),
  });
  return frontend;
}
