/** What has become of the batches of a servable version that were not simply answered. */

export class DispatchCounts {
  /** Batches that were lost with their replica. */
  lost = 0;
  /** Batches that did not return in time. */
  overdue = 0;
  /** Batches that a replica handed back unstarted. */
  returned = 0;
  /** Batches that were sent again: wholly, in parts, or instance by instance, each of which is one. */
  sentAgain = 0;
}
