/** Messages of the link from bytes that another process sent. */
import { ServingError } from '../errors/serving-error.js';
import { firstLine } from '../errors/thrown-text.js';

interface MessageType<Message> {
  decode(bytes: Uint8Array): Message;
}

/**
 * @param name of the type in serving.link.v1
 * @throws ServingError BAD_REQUEST when the bytes are no such message
 */
export function readMessage<Message>(name: string, type: MessageType<Message>, bytes: Uint8Array): Message {
  try {
    return type.decode(bytes);
  } catch (cause) {
    throw new ServingError(
      'BAD_REQUEST',
      `expected a serving.link.v1.${name}, given ${bytes.byteLength} bytes that are none: ${firstLine(cause)}`,
      { cause },
    );
  }
}
