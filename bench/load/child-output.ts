/** Runs a program to its end within a time limit. */
import type { ChildProcesses } from '../servers/child-processes.ts';

/** What it wrote to standard output. @throws Error when it failed or did not end in time */
export async function outputOf(
  children: ChildProcesses,
  program: string,
  args: readonly string[],
  limitMs: number,
): Promise<string> {
  const child = await children.start(program, args);
  const chunks: Buffer[] = [];
  const closed = new Promise<void>((resolve) => child.process.stdout!.once('close', resolve));
  child.process.stdout!.on('data', (chunk: Buffer) => chunks.push(chunk));
  let isLate = false;
  const timer = setTimeout(() => {
    isLate = true;
    child.process.kill('SIGKILL');
  }, limitMs);
  const how = await child.ended;
  clearTimeout(timer);
  await closed;
  if (how === 'exit code 0') return Buffer.concat(chunks).toString();
  throw new Error(
    `${program} ${isLate ? `did not end within ${limitMs} ms` : `failed: ${how}`}\n${child.lastWords()}`,
  );
}
