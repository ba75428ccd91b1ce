/** What a connection over HTTP may take before a route knows of it. */

/** For which a connection without a request stays open; load balancers in front keep theirs for a minute. */
export const keepAliveMs = 75_000;
/** For the request line and headers to arrive. */
export const headersTimeoutMs = 30_000;
/** How often Node looks for connections that are late. */
export const lateCheckMs = 5_000;
/** Connections to a server; further ones are closed at once. */
export const maxConnections = 4096;
/** Request line and headers together, which bounds names in paths, too. */
export const maxHeaderBytes = 16 * 1024;
