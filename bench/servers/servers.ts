/** The servers that cases compare: ours, started as users start it, and the echo. */
import { fileURLToPath } from 'node:url';
import type { ChildProcesses } from './child-processes.ts';
import { startReadyServer, type RunningServer } from './ready-server.ts';

const masterProgram = 'node_modules/.bin/serving-master';
const echoProgram = fileURLToPath(new URL('echo-server.mjs', import.meta.url));

/** Master and worker in one process, with a servable of examples/add. */
export function startLightweight(children: ChildProcesses, servable: string): Promise<RunningServer> {
  const options = ['--grpc', '127.0.0.1:0', '--servable', servable, '--directory', 'examples/add'];
  return startReadyServer(children, {
    program: masterProgram,
    args: [...options, '--log-level', 'warn'],
    readyLine: /^Serving gRPC start success, listening on (\S+)/,
  });
}

export function startEcho(children: ChildProcesses, path: string): Promise<RunningServer> {
  return startReadyServer(children, {
    program: process.execPath,
    args: [echoProgram, path],
    readyLine: /^echo listening on (\S+)/,
  });
}
