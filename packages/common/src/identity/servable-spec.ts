/** What a request asks for. */

export interface ServableSpec {
  readonly servable: string;
  readonly method: string;
  /** A positive version, or 0 for the default one. */
  readonly version: number;
}
