/** What a command reads and writes. */
import type { InputStream } from './input/read-input.js';

export interface Streams {
  readonly stdin: InputStream;
  readonly writeOut: (text: string) => void;
  readonly writeError: (text: string) => void;
}
