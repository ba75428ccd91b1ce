/** What went wrong with a connection, out of grpc-js's text about it. */

/** The cause without grpc-js's frame, its time stamp and a note that says nothing; other texts as they are. */
export function connectionFault(details: string): string {
  const match =
    /^No connection established\. Last error: (?:Error: )?(.+?)(?: \(\d{4}-\d\d-[^)]+\))?\. Resolution note: /.exec(
      details,
    );
  return match?.[1] ?? details.replace(/\.? Resolution note: $/, '');
}
