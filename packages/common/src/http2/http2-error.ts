/** What a peer did wrong, by the code of HTTP/2 for it: of the whole connection, unless a stream is named. */
export class Http2Error extends Error {
  override readonly name = 'Http2Error';
  readonly code: number;
  /** The stream that ends by it; undefined when the connection does. */
  readonly streamId: number | undefined;

  /** @param code of RFC 9113, section 7 */
  constructor(code: number, message: string, streamId?: number) {
    super(message);
    this.code = code;
    this.streamId = streamId;
  }
}
