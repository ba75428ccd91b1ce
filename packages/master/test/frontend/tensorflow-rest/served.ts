/** A master with its HTTP port over replicas that give back what they get, and short ways to ask it as clients do. */
import { createLogger } from '@serving/common';
import { Master, type MasterOptions } from '../../../src/master.js';
import { FakeReplica, type FakeReplicaOptions } from '../../support/fake-replica.js';
import { giveBack } from '../../support/inference.js';

export interface Answer {
  readonly status: number;
  readonly headers: Headers;
  /** As it came: NaN and Infinity are no JSON. */
  readonly text: string;
}

export class Served {
  readonly master: Master;
  #rest = '';

  constructor(options: MasterOptions = {}) {
    this.master = new Master({ logger: createLogger('test', 'fatal'), ...options });
  }

  async start(): Promise<void> {
    this.#rest = await this.master.listenRest('127.0.0.1:0', { maxMessageBytes: 2 ** 20 });
  }

  /** A replica that gives back its first input as `y`, unless `onSend` says otherwise. */
  serve(options: FakeReplicaOptions, onSend = giveBack): FakeReplica {
    const replica = new FakeReplica(options);
    replica.onSend = (work) => {
      onSend(work);
      replica.grant();
    };
    this.master.addReplica(replica);
    replica.grant();
    return replica;
  }

  async ask(path: string, init: RequestInit = {}): Promise<Answer> {
    const reply = await fetch(`http://${this.#rest}/v1${path}`, init);
    return { status: reply.status, headers: reply.headers, text: await reply.text() };
  }

  /** Requests refused with this code so far, as /metrics has it. */
  async refused(code: string): Promise<number> {
    const text = await (await fetch(`http://${this.#rest}/metrics`)).text();
    const line = new RegExp(`^serving_refused_requests_total\\{code="${code}"\\} (\\d+)$`, 'm').exec(text);
    return Number(line?.[1]);
  }

  /** @param body as text, or as what JSON.stringify makes of it */
  post(path: string, body: unknown, headers: Record<string, string> = {}): Promise<Answer> {
    const text = typeof body === 'string' ? body : JSON.stringify(body);
    return this.ask(path, { method: 'POST', body: text, headers });
  }

  /** The body of an answer that has to be good. */
  async predict(model: string, body: unknown): Promise<string> {
    const { status, text } = await this.post(`/models/${model}:predict`, body);
    return status === 200 ? text : `${status} ${text}`;
  }

  /** Status and text of the error that a request has to end with. */
  async refusal(model: string, body: unknown): Promise<string> {
    return errorOf(await this.post(`/models/${model}:predict`, body));
  }
}

export function errorOf({ status, text }: Answer): string {
  const { error } = JSON.parse(text) as { readonly error?: string };
  return `${status} ${error ?? `no error but ${text}`}`;
}
