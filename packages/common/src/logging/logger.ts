/** One logger per process, to stderr as JSON lines; stdout carries start lines and results only. */
import { destination, pino, type Logger } from 'pino';

export type { Logger };

export const logLevels = ['trace', 'debug', 'info', 'warn', 'error', 'fatal', 'silent'] as const;
export type LogLevel = (typeof logLevels)[number];

/** The root logger of a process. Components take `logger.child({ component })`. */
export function createLogger(process: string, level: LogLevel): Logger {
  // Synchronous: the last lines before an exit are the ones that matter.
  return pino({ name: process, level }, destination({ dest: 2, sync: true }));
}
