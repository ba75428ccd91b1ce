/** Rpcs of the service whose messages are small: decoded, answered and encoded at once. */
import { grpcStatus, inference, type RpcRoute } from '@serving/common';
import { decode } from './deserialize.js';

export const servicePath = '/inference.GRPCInferenceService/';

/** A message type as it is generated. */
interface MessageType<Message> {
  encode(message: Message): { finish(): Uint8Array };
  decode(bytes: Uint8Array): Message;
}

/** Names of the rpcs whose types are called after them. */
type RpcName = {
  [Name in keyof typeof inference]: Name extends `${infer Rpc}Request`
    ? `${Rpc}Response` extends keyof typeof inference
      ? Rpc
      : never
    : never;
}[keyof typeof inference];

type MessageOf<Name extends string> = Name extends keyof typeof inference
  ? (typeof inference)[Name] extends MessageType<infer Message>
    ? Message
    : never
  : never;

/** @param answer throws the ServingError that the call is to end with */
export function rpc<Name extends RpcName>(
  name: Name,
  answer: (request: MessageOf<`${Name}Request`>) => MessageOf<`${Name}Response`>,
): RpcRoute {
  const types = inference as unknown as Readonly<Record<string, MessageType<unknown>>>;
  const [request, response] = [types[`${name}Request`]!, types[`${name}Response`]!];
  return {
    kind: 'unary',
    path: `${servicePath}${name}`,
    handle: (_call, message) => {
      const given = decode(`${name}Request`, message, (bytes) => request.decode(bytes));
      const reply = answer(given as MessageOf<`${Name}Request`>);
      return { status: grpcStatus.OK, body: [response.encode(reply).finish()] };
    },
  };
}
