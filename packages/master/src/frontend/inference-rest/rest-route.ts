/** Routes of the protocol over HTTP: how they tell of errors, and the paths of models. */
import {
  jsonResult,
  jsonType,
  retryHeaders,
  type HttpCall,
  type HttpResult,
  type HttpRoute,
} from '../../http/http-handler.js';
import type { Addressee } from '../inference-json/deserialize.js';
import { messageJson } from '../inference-json/message-json.js';

export function restRoute(path: string, handlers: HttpRoute['handlers']): HttpRoute {
  return {
    path,
    handlers,
    failed: (error) => plainResult(error.httpStatus, { error: error.message }, retryHeaders(error)),
  };
}

/** @param end of the path behind the model's name and version, which may be left out */
export function modelRoute(end: string, handlers: HttpRoute['handlers']): HttpRoute[] {
  return [
    restRoute(`/v2/models/:model${end}`, handlers),
    restRoute(`/v2/models/:model/versions/:version${end}`, handlers),
  ];
}

/** The model that the path is about, of any version when it names none. */
export function addressee({ params }: HttpCall): Addressee {
  return { model: params['model'] ?? '', version: params['version'] ?? '' };
}

/**
 * Only answers of inference are compressed, as Triton's: its asyncio client accepts any coding for whatever it asks, and
 * decodes none but of those.
 */
const compressible = false;

/** A reply of JSON. */
export function plainResult(...parts: Parameters<typeof jsonResult>): HttpResult {
  return { ...jsonResult(...parts), compressible };
}

/** A reply with a message of the protocol. */
export function messageResult(message: unknown): HttpResult {
  const body = [Buffer.from(messageJson(message))];
  return { status: 200, headers: { 'content-type': jsonType }, body, compressible };
}
