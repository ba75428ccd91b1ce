/** What the server says of itself, whichever protocol asks. */

export interface ServerFacts {
  /** Version of the software. */
  readonly release: string;
  /** Aborts when the master begins to stop. */
  readonly stopping: AbortSignal;
}

export interface ServerMetadata {
  readonly name: string;
  readonly version: string;
  readonly extensions: string[];
}

/** Parts of the protocol beyond its core that are there, by Triton's names. */
const commonExtensions = [
  'classification',
  'model_repository',
  'schedule_policy',
  'model_configuration',
  'statistics',
];

/** @param more extensions that are there over one transport only */
export function serverMetadata({ release }: ServerFacts, more: readonly string[] = []): ServerMetadata {
  return { name: 'serving', version: release, extensions: [...commonExtensions, ...more] };
}
