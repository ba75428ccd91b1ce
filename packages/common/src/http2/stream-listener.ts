/** Who a stream belongs to above HTTP/2. */
export interface StreamListener {
  /** A part of what the peer sends, to be copied or kept as it is; `consumed` says when room is to be made for more. */
  data(piece: Buffer): void;
  /** The peer has sent all. */
  end(): void;
  /** All that was written has been handed on to the connection. */
  drained(): void;
  /** The stream is over before both sides have sent all: it was reset, or its connection is lost. */
  broken(): void;
}
