/**
 * Which cluster is behind which brokers. A topic that is read and one that is written may be of one cluster under different names, which
 * only the cluster's own id tells.
 */

/** By brokers as they were named, joined by commas: the cluster's id as it was told last. */
const CLUSTERS = new Map<string, string>();

/** A cluster has told its id. */
export function noteCluster(bootstrapServers: string, clusterId: string): void {
  CLUSTERS.set(bootstrapServers, clusterId);
}

/** The id of the cluster that these brokers have been reached of; `undefined` before it was reached, and where it has none. */
export function clusterOf(bootstrapServers: string): string | undefined {
  return CLUSTERS.get(bootstrapServers);
}
