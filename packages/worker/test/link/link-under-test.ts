/** A worker's link against a master that does what a test says, over real gRPC; its delays pass on a manual clock. */
import { afterEach } from '@jest/globals';
import {
  createGrpcServer,
  grpcStatus,
  link,
  linkPaths,
  type RpcServer,
  type RpcStream,
} from '@serving/common';
import { pino } from 'pino';
import { eventually } from '../../../../test/support/eventually.js';
import { ManualClock } from '../../../../test/support/manual-clock.js';
import { MasterLink, type Outage } from '../../src/link/master-link.js';

export const leaseMs = 3000;

/** What the master does on the streams of each registration. */
export interface Script {
  register(stream: RpcStream): Promise<void>;
  exchange(stream: RpcStream): Promise<void>;
}

const ended: (() => Promise<void>)[] = [];
afterEach(async () => {
  for (const end of ended.splice(0)) await end();
});

export async function readAll(stream: RpcStream): Promise<void> {
  for await (const message of stream.messages) void message;
}

/** Takes the worker, and takes everything it says. */
export const welcoming: Script = {
  async register(stream) {
    const message = { $case: 'welcome' as const, value: { epoch: 1, leaseMs } };
    void stream.send(link.RegisterResponse.encode({ message }).finish());
    await readAll(stream);
  },
  exchange: readAll,
};

export class LinkUnderTest {
  readonly clock = new ManualClock();
  readonly log: Record<string, unknown>[] = [];
  readonly link: MasterLink;
  readonly outages: Outage[] = [];
  /** Registrations that were tried. */
  registrations = 0;
  /** What became of the link. */
  outcome: unknown;
  readonly #server: RpcServer;

  private constructor(address: string, server: RpcServer) {
    this.#server = server;
    const write = (line: string) => this.log.push(JSON.parse(line) as Record<string, unknown>);
    this.link = new MasterLink({
      address,
      identity: {
        workerId: 'w',
        incarnation: '1',
        deviceType: 'cpu',
        deviceId: 0,
        host: 'here',
        pid: 1,
        release: '',
      },
      clock: this.clock,
      logger: pino({ base: null, level: 'debug' }, { write }),
      onTrying: (outage) => this.outages.push(outage),
    });
  }

  static async to(script: Partial<Script>): Promise<LinkUnderTest> {
    const done = { ...welcoming, ...script };
    let under: LinkUnderTest | undefined;
    const on = (path: string, handle: (stream: RpcStream) => Promise<void>) => ({
      kind: 'stream' as const,
      path,
      handle: async (_: unknown, stream: RpcStream) => {
        await handle(stream);
        return { status: grpcStatus.OK };
      },
    });
    const server = createGrpcServer({
      address: '127.0.0.1:0',
      maxMessageBytes: 2 ** 22,
      onInternalError: () => undefined,
      routes: [
        on(linkPaths.register, (stream) => {
          under!.registrations++;
          return done.register(stream);
        }),
        on(linkPaths.heartbeat, readAll),
        on(linkPaths.exchange, (stream) => done.exchange(stream)),
      ],
    });
    under = new LinkUnderTest(await server.start(), server);
    ended.push(() => under.#close());
    under.outcome = under.link.run().then(
      () => (under.outcome = 'closed'),
      (thrown: unknown) => (under.outcome = thrown),
    );
    return under;
  }

  /** Delays between tries so far. */
  get delays(): number[] {
    return this.log.flatMap(({ delayMs }) => (typeof delayMs === 'number' ? [delayMs] : []));
  }

  /** Waits until this many tries have failed; gives the last delay. */
  async failed(times: number): Promise<number> {
    await eventually(`${times} tries have failed`, () => this.delays.length >= times);
    return this.delays[times - 1]!;
  }

  async reaches(state: string): Promise<void> {
    await eventually(`the link is ${state}`, () => this.link.state === state);
  }

  async #close(): Promise<void> {
    this.link.close();
    this.clock.advance(1000);
    await this.#server.stop(0);
  }
}
