/** Times as Kubernetes writes them. */

/** RFC 3339, to the second, in UTC. */
export function timeText(ms: number): string {
  return `${new Date(ms).toISOString().slice(0, 19)}Z`;
}
