/** What a command reads and writes. */
import type { InputStream } from './input/read-input.js';

export interface Streams {
  readonly stdin: InputStream;
  readonly writeOut: (text: string) => void;
  /** Resolves when whoever reads the output is not behind. */
  readonly drained: () => Promise<void>;
  readonly writeError: (text: string) => void;
}
