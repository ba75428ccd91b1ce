/** What the kernel says of processes. Everything is undefined where there is no /proc. */
import { execFileSync } from 'node:child_process';
import { readdirSync, readFileSync } from 'node:fs';

/** Fields of /proc/<pid>/stat after the program's name, which may hold blanks: field 3 (state) is the first. */
const place = { utime: 11, stime: 12, childrenUtime: 13, childrenStime: 14 } as const;

let ticksPerSecond: number | undefined;

/** CPU time of the processes so far, all threads, in microseconds. */
export function cpuMicros(pids: readonly number[]): number | undefined {
  return sum(pids.map((pid) => ticks(String(pid), place.utime, place.stime)));
}

/** CPU time by thread so far, in microseconds, without the first thread of each process, which does the network I/O. */
export function threadCpuMicros(pids: readonly number[]): ReadonlyMap<string, number> {
  const threads = pids.flatMap((pid) => threadsOf(pid).map((thread) => `${pid}/task/${thread}`));
  return new Map(threads.map((thread) => [thread, ticks(thread, place.utime, place.stime) ?? 0]));
}

function threadsOf(pid: number): string[] {
  try {
    return readdirSync(`/proc/${pid}/task`).filter((thread) => thread !== String(pid));
  } catch {
    return [];
  }
}

/** CPU time of those children of this process that have ended, in microseconds. */
export function endedChildrenCpuMicros(): number | undefined {
  return ticks('self', place.childrenUtime, place.childrenStime);
}

/** Resident memory of the processes, in MiB. */
export function residentMib(pids: readonly number[]): number | undefined {
  return sum(
    pids.map((pid) => {
      const kibibytes = /^VmRSS:\s+(\d+) kB/m.exec(read(`/proc/${pid}/status`) ?? '')?.[1];
      return kibibytes === undefined ? undefined : Number(kibibytes) / 1024;
    }),
  );
}

/** @param of a process, or `<pid>/task/<thread>` */
function ticks(of: string, ...places: readonly number[]): number | undefined {
  const stat = read(`/proc/${of}/stat`);
  if (stat === undefined) return undefined;
  const fields = stat.slice(stat.lastIndexOf(')') + 2).split(' ');
  ticksPerSecond ??= Number(execFileSync('getconf', ['CLK_TCK'], { encoding: 'utf8' }));
  return (places.reduce((total, index) => total + Number(fields[index]), 0) / ticksPerSecond) * 1e6;
}

function read(path: string): string | undefined {
  try {
    return readFileSync(path, 'utf8');
  } catch {
    return undefined;
  }
}

function sum(values: readonly (number | undefined)[]): number | undefined {
  let total = 0;
  for (const value of values) {
    if (value === undefined) return undefined;
    total += value;
  }
  return total;
}
