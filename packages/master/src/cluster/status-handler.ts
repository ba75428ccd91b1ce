/** serving.link.v1.StatusService: what the master knows of its workers, for `serving-client status`. */
import { grpcStatus, linkPaths, linkStatus, type RpcRoute } from '@serving/common';

/** The routes of StatusService. `source` is called for each request; its numbers must be whole and not negative. */
export function statusRoutes(source: () => linkStatus.GetStatusResponse): RpcRoute[] {
  return [
    {
      kind: 'unary',
      path: linkPaths.status,
      // The request has no fields, so there is nothing to read.
      handle: () => ({
        status: grpcStatus.OK,
        body: [linkStatus.GetStatusResponse.encode(source()).finish()],
      }),
    },
  ];
}
