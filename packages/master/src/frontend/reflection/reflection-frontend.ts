/** gRPC server reflection: the public schemas, for grpcurl and other clients that have none of their own. */
import {
  grpcReflection,
  grpcStatus,
  publicFiles,
  ServingError,
  type PublicFile,
  type RpcRoute,
  type RpcStream,
} from '@serving/common';
import { stopped, untilStopped } from '../streams/until-stopped.js';

type Request = grpcReflection.ServerReflectionRequest;
type Response = NonNullable<grpcReflection.ServerReflectionResponse['messageResponse']>;

/** Older clients ask by the older name; the messages are the same. */
const paths = ['v1', 'v1alpha'].map(
  (version) => `/grpc.reflection.${version}.ServerReflection/ServerReflectionInfo`,
);

/** @param stopping aborts when the master begins to stop, which ends the streams */
export function reflectionRoutes(stopping: AbortSignal): RpcRoute[] {
  return paths.map((path) => ({
    kind: 'stream',
    path,
    handle: async (_call, stream) => {
      await answerAll(stream, stopping);
      return stopping.aborted ? stopped : { status: grpcStatus.OK };
    },
  }));
}

async function answerAll(stream: RpcStream, stopping: AbortSignal): Promise<void> {
  for await (const message of untilStopped(stream.messages, stopping)) {
    const originalRequest = decode(message);
    const response = {
      validHost: originalRequest.host,
      originalRequest,
      messageResponse: answerTo(originalRequest.messageRequest),
    };
    await stream.send(grpcReflection.ServerReflectionResponse.encode(response).finish());
  }
}

/** @throws ServingError BAD_REQUEST */
function decode(message: Uint8Array): Request {
  try {
    return grpcReflection.ServerReflectionRequest.decode(message);
  } catch (cause) {
    throw new ServingError('BAD_REQUEST', 'expected a ServerReflectionRequest message', { cause });
  }
}

function answerTo(asked: Request['messageRequest']): Response {
  if (asked === undefined)
    return error(grpcStatus.INVALID_ARGUMENT, 'expected a message_request, given none');
  switch (asked.$case) {
    case 'fileByFilename':
      return fileOr(`no file '${asked.value}' here`, ({ name }) => name === asked.value);
    case 'fileContainingSymbol':
      return fileOr(`no symbol '${asked.value}' here`, ({ symbols }) => symbols.includes(asked.value));
    case 'listServices':
      return { $case: 'listServicesResponse', value: { service: services.map((name) => ({ name })) } };
    case 'fileContainingExtension':
    case 'allExtensionNumbersOfType':
      break;
  }
  return error(grpcStatus.NOT_FOUND, 'the schemas here have no extensions');
}

const services = publicFiles.flatMap((file) => file.services);

function fileOr(otherwise: string, isIt: (file: PublicFile) => boolean): Response {
  const file = publicFiles.find(isIt);
  if (file === undefined) return error(grpcStatus.NOT_FOUND, otherwise);
  const fileDescriptorProto = [...withImports(file)].map(({ descriptor }) =>
    Buffer.from(descriptor, 'base64'),
  );
  return { $case: 'fileDescriptorResponse', value: { fileDescriptorProto } };
}

/** The file first. */
function withImports(file: PublicFile, found = new Set<PublicFile>()): Set<PublicFile> {
  found.add(file);
  for (const imported of publicFiles)
    if (file.imports.includes(imported.name) && !found.has(imported)) withImports(imported, found);
  return found;
}

function error(errorCode: number, errorMessage: string): Response {
  return { $case: 'errorResponse', value: { errorCode, errorMessage } };
}
