/** What the other side of a connection wants (RFC 9113, section 6.5.2). */
import {
  defaultFrameBytes,
  defaultWindow,
  errorCode,
  mostFrameBytes,
  mostWindow,
  setting,
} from './frames.js';
import { Http2Error } from './http2-error.js';

const entryBytes = 6;

export class PeerSettings {
  initialWindow = defaultWindow;
  maxFrameBytes = defaultFrameBytes;

  /** Gives by how much the windows of all streams grow. @throws Http2Error for values that cannot be */
  take(payload: Buffer): number {
    if (payload.length % entryBytes !== 0)
      throw new Http2Error(
        errorCode.frameSizeError,
        `SETTINGS have ${payload.length} bytes, expected a multiple of 6`,
      );
    const before = this.initialWindow;
    for (let at = 0; at < payload.length; at += entryBytes)
      this.#set(payload.readUInt16BE(at), payload.readUInt32BE(at + 2));
    return this.initialWindow - before;
  }

  #set(id: number, value: number): void {
    if (id === setting.enablePush && value > 1)
      throw new Http2Error(errorCode.protocolError, `SETTINGS_ENABLE_PUSH is ${value}, expected 0 or 1`);
    if (id === setting.initialWindowSize) {
      if (value > mostWindow)
        throw new Http2Error(errorCode.flowControlError, `SETTINGS_INITIAL_WINDOW_SIZE is ${value}`);
      this.initialWindow = value;
    }
    if (id === setting.maxFrameSize) {
      if (value < defaultFrameBytes || value > mostFrameBytes)
        throw new Http2Error(errorCode.protocolError, `SETTINGS_MAX_FRAME_SIZE is ${value}`);
      this.maxFrameBytes = value;
    }
  }
}
