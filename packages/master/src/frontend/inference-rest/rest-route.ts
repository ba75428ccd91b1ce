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
    failed: (error) => jsonResult(error.httpStatus, { error: error.message }, retryHeaders(error)),
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

/** A reply with a message of the protocol. */
export function messageResult(message: unknown): HttpResult {
  return { status: 200, headers: { 'content-type': jsonType }, body: [Buffer.from(messageJson(message))] };
}
